"""What goes over the wire: to whom a key is shown, what is asked again, and what is made of strange answers."""

import time
from contextlib import ExitStack

import pytest

import workbench
from tests.remote.answering import Says, answering
from workbench import errors
from workbench.remote.run import Run

KEY = "pck_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
BUSY = {"status": 429, "code": "request.rate_limited", "detail": "Too much.", "title": "Busy"}


@pytest.fixture
def far_says():
    """Connect to an API that answers as a function says."""
    with ExitStack() as ends:

        def connect(say, **how):
            api = ends.enter_context(answering(say))
            how = {"key": KEY, **how}
            return ends.enter_context(workbench.connect(api.address, **how)), api

        yield connect


def test_a_key_is_shown_as_a_bearers(far_says):
    wb, api = far_says(lambda _: Says(body=[]))
    wb.projects.list()
    assert api.of("/projects")[0].headers["authorization"] == f"Bearer {KEY}"


def test_the_key_of_the_environment_is_taken(far_says, monkeypatch):
    monkeypatch.setenv("WORKBENCH_KEY", KEY)
    _, api = far_says(lambda _: Says(), key=None)
    assert api.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_where_things_are_done_is_said_with_each_request(far_says):
    wb, api = far_says(lambda _: Says(body=[]), workspace="sales", project="churn")
    wb.projects.list()
    told = api.of("/projects")[0].headers
    assert (told["x-workbench-workspace"], told["x-workbench-project"]) == ("sales", "churn")
    wb.within(project="other").projects.list()
    assert api.of("/projects")[1].headers["x-workbench-project"] == "other"


def test_a_page_is_followed_by_the_next_one(far_says):
    def say(asked):
        if "cursor=two" in asked.path:
            return Says(
                body=[{"name": "b", "pipeline_id": "q", "pipeline_name": "q", "updated_at": "2026-01-01T00:00Z"}]
            )
        one = {"name": "a", "pipeline_id": "p", "pipeline_name": "p", "updated_at": "2026-01-01T00:00Z"}
        return Says(body=[one], headers={"Link": '<?limit=1000&cursor=two>; rel="next"'})

    wb, _ = far_says(say)
    assert [alias.name for alias in wb.registry.aliases.list()] == ["a", "b"]


def test_an_answer_that_has_not_changed_is_not_sent_again(far_says):
    def say(asked):
        if asked.headers.get("if-none-match") == '"1"':
            return Says(304, b"", {"ETag": '"1"'})
        return Says(body={"done": 1, "total": 2, "remaining_s": None, "doing": "scoring"}, headers={"ETag": '"1"'})

    wb, api = far_says(say)
    run = Run(wb._api, "r")
    assert run.progress() == run.progress()
    assert [one.headers.get("if-none-match") for one in api.of("/runs")] == [None, '"1"']


def test_who_is_told_to_come_later_does(far_says):
    answers = iter([Says(429, BUSY, {"Retry-After": "1"}), Says(503, b"", {"Retry-After": "0"}), Says(body=[])])
    wb, api = far_says(lambda _: next(answers))
    began = time.monotonic()
    assert wb.projects.list() == []
    assert time.monotonic() - began >= 1
    assert len(api.of("/projects")) == 3


def test_who_is_told_to_come_too_late_does_not(far_says):
    wb, api = far_says(lambda _: Says(429, BUSY, {"Retry-After": "600"}))
    with pytest.raises(errors.Busy) as raised:
        wb.projects.list()
    assert (raised.value.code, raised.value.about["retry_after_s"]) == ("request.rate_limited", 600)
    assert len(api.of("/projects")) == 1


def test_what_is_done_already_is_waited_for_under_its_own_key(far_says):
    later = {
        "status": 409,
        "code": "request.in_progress",
        "detail": "Wait.",
        "title": "Conflict",
        "retry_after_s": 0.01,
    }
    project = {"id": "p", "name": "x", "created_by": "ana", "created_at": "2026-01-01T00:00:00Z", "run_count": 0}
    answers = iter([Says(409, later), Says(409, later), Says(201, project)])
    wb, api = far_says(lambda _: next(answers))
    assert wb.projects.create("x").id == "p"
    keys = {one.headers["idempotency-key"] for one in api.of("/projects")}
    assert (len(api.of("/projects")), len(keys)) == (3, 1)


def test_two_requests_have_keys_of_their_own(far_says):
    project = {"id": "p", "name": "x", "created_by": "ana", "created_at": "2026-01-01T00:00:00Z", "run_count": 0}
    wb, api = far_says(lambda _: Says(201, project))
    wb.projects.create("x")
    wb.projects.create("x")
    assert len({one.headers["idempotency-key"] for one in api.of("/projects")}) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nobody_is_followed_elsewhere_with_the_key(far_says, status):
    with answering(lambda _: Says(body=[])) as other:
        wb, _ = far_says(lambda asked: Says(status, b"", {"Location": f"{other.address}{asked.path}"}))
        with pytest.raises(errors.BadGateway) as raised:
            wb.projects.list()
    assert raised.value.code == "remote.not_understood"
    assert other.address in raised.value.message
    assert other.asked == []


@pytest.mark.parametrize(
    "says", [Says(200, b"<html>"), Says(404, b"<html>"), Says(200, {"id": 1}), Says(200, [{"id": 1}]), Says(500, b"")]
)
def test_what_is_no_workbench_is_told_apart(far_says, says):
    wb, _ = far_says(lambda _: says)
    with pytest.raises(errors.BadGateway) as raised:
        wb.projects.list()
    assert raised.value.code == "remote.not_understood"


def test_parts_of_a_path_stay_parts(far_says):
    wb, api = far_says(lambda _: Says(404, {"status": 404, "code": "data.not_found", "detail": "No.", "title": "No"}))
    for name in ("..", "a b", "sales@2", "a?b#c", "ü", ""):
        with pytest.raises(errors.NotFound):
            wb.data.get(name)
    paths = [one.path.removeprefix("/api/v1/data-sources/") for one in api.of("/data-sources")]
    assert paths == ["%2E%2E", "a%20b", "sales@2", "a%3Fb%23c", "%C3%BC", "%20"]


def test_nobody_there_is_told(nobody):
    with pytest.raises(errors.Unavailable) as raised:
        workbench.connect(nobody, key=KEY, timeout_s=1)
    assert raised.value.code == "remote.unreachable"


@pytest.mark.parametrize("address", ["http://example.org", "http://10.0.0.1:80/base", "http://[2001:db8::1]"])
def test_a_key_does_not_go_where_all_can_read_it(address):
    with pytest.raises(errors.BadRequest) as raised:
        workbench.connect(address, key=KEY)
    assert raised.value.code == "remote.insecure"


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("https://example.org", "https://example.org/api/v1"),
        ("https://example.org/user/ana/workbench/", "https://example.org/user/ana/workbench/api/v1"),
        ("https://example.org:8443/api/v1/", "https://example.org:8443/api/v1"),
        ("http://[::1]:80", "http://[::1]:80/api/v1"),
    ],
)
def test_an_address_may_have_a_base(address, base):
    with workbench.connect(address) as wb:
        assert wb._api.address.base == base


@pytest.mark.parametrize("address", ["https://", "https://ana:secret@host", "https://host?key=secret", "http://h:x"])
def test_what_is_no_address_is_refused_and_not_repeated(address):
    with pytest.raises(errors.BadRequest) as raised:
        workbench.connect(address)
    assert raised.value.code == "remote.address_invalid"
    assert "secret" not in str(raised.value)


def test_a_file_whose_download_breaks_off_for_good_stays_as_it_was(tmp_path):
    def say(asked):
        # A chunk, and then what is none.
        return Says(body=b"5\r\nhello\r\nnone\r\n", headers={"Transfer-Encoding": "chunked"})

    path = tmp_path / "audit.jsonl"
    path.write_text("noted before")
    with (
        answering(say) as known,
        # Without a key nothing is asked before the download, whose time is to be short.
        workbench.connect(known.address, timeout_s=1) as far,
        pytest.raises(errors.Unavailable),
    ):
        far.audit.export(path)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("audit.jsonl", "noted before")]
