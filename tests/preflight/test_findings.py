"""Findings as data, and mends as changes to a request."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from workbench.preflight.findings import CODES, Mend, apply

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "preflight.md"
DROP = Mend("Leave out 'name'", {"setup": {"ignore_features": ["name"]}})


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (None, ["name"]),
        ([], ["name"]),
        (["cabin"], ["cabin", "name"]),
        (("cabin", "name"), ["cabin", "name"]),
        ("cabin, ticket", ["cabin", "ticket", "name"]),
    ],
)
def test_a_mend_adds_to_a_list(given, wanted):
    request = {"target": "y", "setup": {"normalize": True, "ignore_features": given}}
    assert apply(request, DROP) == {"target": "y", "setup": {"normalize": True, "ignore_features": wanted}}


def test_a_mend_of_a_request_without_a_set_up_makes_one():
    assert apply({"setup": None}, DROP) == apply({}, DROP) == {"setup": {"ignore_features": ["name"]}}


def test_a_mend_sets_all_else():
    mend = Mend("", {"folds": 4, "setup": {"fold_strategy": "timeseries", "data_split_shuffle": False}})
    request = {"folds": 10, "setup": {"fold_strategy": "kfold"}}
    assert apply(request, mend) == mend.changes
    assert request == {"folds": 10, "setup": {"fold_strategy": "kfold"}}


def test_a_mend_that_is_applied_twice_changes_nothing_more():
    once = apply({}, DROP)
    assert apply(once, DROP) == once


def test_what_is_found_is_plain_data_the_gravest_first(look, honest):
    frame = honest()
    found = look(frame.assign(copy=frame["y"], name=[f"n{row}" for row in range(400)], same=1))
    assert [finding.severity for finding in found.findings] == ["blocking", "warning", "note"]
    told = found.as_dict()
    assert json.loads(json.dumps(told)) == told
    assert [set(finding) for finding in told["findings"]] == [
        {"code", "severity", "columns", "message", "evidence", "mend"}
    ] * 3
    assert {finding["code"] for finding in told["findings"]} <= set(CODES)
    assert told["findings"][1]["mend"] == {"label": "Leave out 'name'", "changes": DROP.changes}


def test_what_is_found_is_shown_in_a_notebook_without_the_tables_own_markup(look, honest):
    frame = honest().rename(columns={"width": "<b>width"})
    frame["<b>width"] = [f"n{row}" for row in range(400)]
    shown = look(frame)._repr_html_()
    assert "&lt;b&gt;width" in shown
    assert "<b>width" not in shown


def test_the_documentation_lists_every_code():
    assert re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", DOCUMENTATION.read_text(), re.MULTILINE) == sorted(CODES)
