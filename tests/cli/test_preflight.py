"""``workbench run … --check``, ``--mend`` and ``--override``."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def leaky(mixed, tmp_path_factory):
    """A file in which a column is the target under another name, and another one names the rows."""
    path = tmp_path_factory.mktemp("tables") / "visitors.csv"
    frame = mixed["classification"]
    frame.assign(paid=frame["buys"] == "yes", card=[f"c{row}" for row in range(len(frame))]).to_csv(path, index=False)
    return path


def test_what_is_found_is_printed_and_nothing_is_kept_of_a_file_that_was_only_looked_at(fresh, leaky, store):
    said = fresh("run", "compare", "--data", leaky, "--target", "buys", "--check")
    assert (said.code, said.err) == (2, "")
    blocking, warning, last = said.out.splitlines()
    assert blocking.startswith("blocking  leak.copy ")
    assert blocking.endswith("[Leave out 'paid': --mend leak.copy]")
    assert warning.startswith("warning   column.identifier   'card' has a value of its own")
    assert last.startswith("All 160 rows were looked at. Set-up takes about ")
    assert store.settings.files.exists()
    assert list(store.settings.files.iterdir()) == []


def test_what_was_mended_or_is_overridden_does_not_stand_in_the_way(fresh, leaky):
    asked = ["run", "compare", "--data", leaky, "--target", "buys", "--check", "--json"]
    mended = fresh(*asked, "--mend", "leak.copy", "--set", "ignore_features=city")
    assert (mended.code, mended.err) == (0, "")
    (finding,) = mended.document["findings"]
    assert finding["mend"]["changes"] == {"setup": {"ignore_features": ["city", "paid", "card"]}}
    passed = fresh(*asked, "--override", "leak.copy")
    assert (passed.code, passed.document["overridden"]) == (0, ["leak.copy"])


def test_what_is_not_found_cannot_be_mended(fresh, leaky):
    said = fresh("run", "compare", "--data", leaky, "--target", "buys", "--mend", "leak.score")
    said.refuses("Pre-flight has no mend for 'leak.score'.", "Valid: column.identifier, leak.copy.")


def test_a_blocked_run_is_refused_and_an_override_is_shown_with_the_run(shared, leaky):
    asked = ["run", "setup", "--data", leaky, "--target", "buys"]
    shared(*asked).refuses("'paid' is the target 'buys' under another name", "override leak.copy")
    said = shared(*asked, "--mend", "column.identifier", "--override", "leak.copy")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1].startswith("! overridden leak.copy: 'paid' is the target 'buys'")
