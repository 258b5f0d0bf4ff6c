"""A key is sent and never shown: in no representation, log or traceback, whatever goes wrong."""

import copy
import gc
import logging
import pickle
import traceback

import pytest

import workbench
from tests.remote.answering import Says, answering
from workbench.errors import WorkbenchError
from workbench.remote.secret import Secret

KEY = "pck_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
HIDDEN = KEY[12:]


def told(error: BaseException) -> str:
    """Write a traceback as tools do that show local variables."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


@pytest.mark.parametrize(
    "says", [Says(401, b""), Says(500, b"x"), Says(200, {"name": 1}), Says(429, b"", {"Retry-After": "600"})]
)
def test_a_traceback_with_all_variables_shows_no_key(says, caplog):
    caplog.set_level(logging.DEBUG)
    with answering(lambda _: says) as api, workbench.connect(api.address, key=KEY) as wb:
        with pytest.raises(WorkbenchError) as raised:
            wb.keys.list()
        assert HIDDEN not in repr(vars(wb)) + repr(wb._api) + repr(wb._api.client.headers)
    # The test itself holds the key: what is looked at begins where it calls.
    shown = told(raised.value.with_traceback(raised.tb.tb_next))
    assert "Api" in shown
    assert HIDDEN not in shown
    assert HIDDEN not in caplog.text


def test_a_connection_that_fails_shows_no_key(nobody):
    with pytest.raises(WorkbenchError) as raised:
        workbench.connect(nobody, key=KEY, timeout_s=1)
    shown = told(raised.value.with_traceback(raised.tb.tb_next))
    assert "connect" in shown
    assert HIDDEN not in shown


def test_a_key_that_is_refused_is_not_repeated():
    with pytest.raises(WorkbenchError) as raised:
        workbench.connect("http://example.org", key=KEY)
    assert HIDDEN not in told(raised.value.with_traceback(raised.tb.tb_next))


def test_a_secret_is_shown_by_its_first_characters_alone():
    secret = Secret(KEY)
    assert f"{secret} {secret!r}" == "<key pck_abcdefgh…> <key pck_abcdefgh…>"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)


def test_what_was_fetched_goes_with_whoever_forgets_to_close(remote, address, secret):
    wb = workbench.connect(address, key=secret)
    folder = wb.data.path(wb.data.sample("wine")).parent
    assert folder.is_dir()
    del wb
    gc.collect()
    assert not folder.exists()
