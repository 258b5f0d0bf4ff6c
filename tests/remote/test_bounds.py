"""How much of a list is given, and what is refused, is the same from here and from elsewhere."""

import io

import pytest

from workbench import errors


@pytest.fixture
def long(warm, called):
    """A table with more rows than are shown at once."""
    source = warm.data.upload(io.BytesIO(b"n\n" + b"".join(b"%d\n" % n for n in range(1_200))), called)
    yield source
    warm.data.delete(source)


@pytest.fixture(scope="module")
def served(warm, fitted, eventually):
    """A deployment that has answered, with a history."""
    pipeline = warm.registry.promote(fitted.id, name="remote-bounds")
    made = warm.deployments.deploy(pipeline=pipeline, slug="remote-bounds")
    # What it was asked when it was deployed is written down a moment later.
    assert eventually(made.predictions)
    assert eventually(lambda: made.record.request_count)
    yield made
    made.delete()


def test_a_table_shows_a_thousand_rows_at_most(wb, long):
    assert [len(wb.data.head(long, rows)) for rows in (-1, 0, 1, 1_000, 5_000)] == [1, 1, 1, 1_000, 1_000]


@pytest.mark.parametrize("limit", [-1, 0, 1, 5_000])
@pytest.mark.parametrize(
    "ask",
    [
        lambda wb, limit: wb.runs.records(limit=limit),
        lambda wb, limit: [key.id for key in wb.keys.list(limit=limit)],
        lambda wb, limit: wb.experiments.list(limit=limit),
        lambda wb, limit: wb.deployments.batch_records(limit=limit),
        lambda wb, limit: wb.registry.promotions.list(limit=limit),
        lambda wb, limit: wb.advisors.list(limit=limit),
        lambda wb, limit: wb.audit.list(limit=limit),
        lambda wb, limit: wb.experiments.leaderboard(wb.experiments.list()[0].id, limit=limit),
        lambda wb, limit: wb.deployments.get("remote-bounds").history(limit=limit),
        lambda wb, limit: wb.deployments.get("remote-bounds").predictions(limit=limit),
        lambda wb, limit: wb.deployments.get("remote-bounds").traffic(minutes=limit),
        lambda wb, limit: wb.deployments.get("remote-bounds").log(limit),
    ],
    ids=lambda ask: "-".join(ask.__code__.co_names),
)
def test_a_list_is_as_long_from_elsewhere(warm, remote, served, ask, limit):
    here, there = ask(warm, limit), ask(remote, limit)
    # What was done grows old, and a minute may have ended between the two.
    assert there in (here, ask(warm, limit))
    assert len(here) <= max(1, limit)


@pytest.mark.parametrize(
    "ask",
    [
        lambda wb: wb.audit.list(outcome="zzz"),
        lambda wb: wb.audit.list(since="zzz"),
        lambda wb: wb.audit.list(until=3),
        lambda wb: wb.audit.verify((-1, "x")),
        lambda wb: wb.registry.aliases.at("champion", "zzz"),
    ],
)
def test_a_filter_that_is_none_is_refused_alike(wb, ask):
    with pytest.raises(errors.BadRequest) as raised:
        ask(wb)
    assert raised.value.code == "spec.invalid"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda wb: wb.keys.create(5, "*"), "key.name_invalid"),
        (lambda wb: wb.runs.submit("wine", target="cultivar", plan=3), "spec.invalid"),
    ],
)
def test_a_value_of_another_type_is_refused_by_a_code_of_its_own_from_elsewhere(warm, remote, ask, code):
    with pytest.raises(errors.BadRequest) as here:
        ask(warm)
    with pytest.raises(errors.Malformed) as there:
        ask(remote)
    assert (here.value.code, there.value.code) == (code, "request.malformed")
