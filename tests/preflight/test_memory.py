"""Set-ups that take more memory than there is."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench.errors import BadRequest
from workbench.preflight import overriding
from workbench.preflight.check import preflight
from workbench.preflight.findings import apply
from workbench.preflight.subject import Subject
from workbench.requests import resolve
from workbench.runs import queue
from workbench.runs.queue import SourceIdentity

GIB = 1024**3
TOO_MANY = {"polynomial_features": True, "polynomial_degree": 60}
"""Of four features it makes more columns than any machine holds."""


@pytest.fixture
def with_memory(desk):
    """Look at a table as if so many bytes were free."""
    sources = []

    def with_memory(frame: pd.DataFrame, free: int, **asked):
        source = sources[0] if sources else desk.data.add(frame, "people")
        sources.append(source)
        _, spec = resolve(desk._store, desk.data, source, asked)
        return preflight(desk.data, desk.settings.files, Subject(source, spec), free=free)

    yield with_memory
    desk.data.delete("people")


@pytest.fixture
def people(random):
    """A table whose texts become a column each where there is no target."""
    rows = 9_000
    return pd.DataFrame({"who": [f"p{row}" for row in range(rows)], "x": random.normal(size=rows), "y": range(rows)})


def test_a_forecast_beyond_the_memory_there_is_blocks_with_the_widest_columns_and_a_mend(with_memory, people):
    found = with_memory(people, GIB, task="clustering")
    (finding,) = found.blocking
    assert (finding.code, finding.columns) == ("memory.exceeded", ("who",))
    assert finding.evidence["setup_bytes"] == found.forecast.setup_bytes > finding.evidence["free_bytes"] == GIB
    assert "1 GiB of memory are free" in finding.message
    assert finding.mend.changes == {"setup": {"max_encoding_ohe": 25}}
    mended = with_memory(people, GIB, **apply({"task": "clustering"}, finding.mend))
    assert mended.blocking == ()
    assert mended.forecast.setup_bytes < GIB


def test_where_no_option_helps_the_widest_column_is_to_be_left_out(with_memory, people):
    (finding,) = with_memory(people, GIB, task="clustering", setup={"max_encoding_ohe": 9_000}).blocking
    assert finding.mend.changes == {"setup": {"max_encoding_ohe": 25}}
    (finding,) = with_memory(
        people, GIB, target="y", task="regression", setup={"polynomial_features": True, "polynomial_degree": 20_000}
    ).blocking
    assert finding.mend.changes == {"setup": {"polynomial_features": False}}


def test_a_forecast_that_may_be_beyond_it_is_warned_of(with_memory, people):
    forecast = with_memory(people, 64 * GIB, task="clustering").forecast
    between = (forecast.setup_bytes + forecast.high_bytes) // 2
    found = with_memory(people, between, task="clustering")
    assert found.blocking == ()
    (finding,) = found.of("memory.tight")
    assert finding.severity == "warning"


def test_few_columns_that_become_many_are_noted(with_memory, people):
    (finding,) = with_memory(people, 64 * GIB, task="clustering").of("memory.wide")
    assert (finding.severity, finding.columns) == ("note", ("who",))
    assert finding.mend.changes == {"setup": {"max_encoding_ohe": 25}}


def test_no_run_starts_whose_forecast_exceeds_the_memory_of_this_machine(workbench, living, honest):
    workbench.data.add(honest(), "table")
    with pytest.raises(BadRequest) as caught:
        workbench.runs.submit("table", target="y", setup=TOO_MANY)
    assert caught.value.code == "spec.blocked"
    assert caught.value.hint == "Do without polynomial_features, or override memory.exceeded to run all the same."
    assert workbench.runs.list() == []
    assert living(workbench.settings.home) == []


def test_a_larger_set_up_is_not_let_pass_with_the_one_before(desk, honest):
    source = desk.data.add(honest(), "too many")
    asked = {"target": "y", "setup": TOO_MANY}
    found = desk.runs.check(source, **asked, override="memory.exceeded")
    _, spec = resolve(desk._store, desk.data, source, asked)
    # Nobody carries it out: what is asked for would take all memory there is.
    identity = SourceIdentity(source.id, source.name, source.sha256)
    snapshot = overriding.recorded(found)
    run = queue.submit(desk._store, identity, spec, by="me", snapshot=snapshot, service_is_warm=True)
    assert desk.runs.check(from_run=run.id).overridden == ("memory.exceeded",)
    more = desk.runs.check(from_run=run.id, setup={"polynomial_degree": 70})
    assert [finding.code for finding in more.blocking] == ["memory.exceeded"]
