"""No cell reaches the wire while sample values are not allowed; aggregates and names of columns do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.narrating.conftest import Told, said
from tests.narrating.provider import Provider, Reply
from workbench.advisors.advice import Advice, Evidence, Finding, Plot, Series
from workbench.advisors.failure_debugger.evidence import TRUNCATED
from workbench.narrating.screen import NUMBER, VALUE, Screen, columns

EVIDENCE: dict[str, Any] = {
    "rows": 1070,
    "columns": [
        {"name": "income", "kind": "number", "mean": 4711.25, "minimum": 31415.926, "maximum": 27182.818},
        {"name": "home town", "distinct": 12, "examples": ["Zanzibarix", "Quuxville"], "top": {"Wobblestadt": 40}},
    ],
    "classes": {"Grumpfish": 0.8125, "Blorptonia": 0.1875},
    "segments": [
        {"column": "home town", "value": "Flimflamia", "rows": 40, "score": 0.6125, "observed": 0.4375},
        {"column": "income", "value": "16180 to 14142", "rows": 2, "score": 0.0625},
    ],
    "residuals": {"bias": 2.75, "quantiles": {"1": -57721.5, "99": 66260.7}},
    "steps": [{"step": 1, "truth": 29979.2, "predicted": 30011.8}],
    "rows_shown": [{"income": 12345.6, "home town": "Snorkville"}],
    "error": "DateParseError: Unknown datetime string format, unable to parse: Krachpuffel 8675309, at position 0",
    "failures": [{"model": "lr", "reason": "could not convert string to float: 'Dingsbumsa'"}],
    "events": [
        {"seq": 1, "kind": "model.failed", "message": "Logistic Regression: bad value Hokuspokus in home town"},
        {"seq": 6, "kind": TRUNCATED, "message": "17 events are left out."},
    ],
    "log": ["ValueError: invalid literal for int() with base 10: 'Simsalabim'"],
}
CELLS = (
    *("Zanzibarix", "Quuxville", "Wobblestadt", "Grumpfish", "Blorptonia", "Flimflamia", "Snorkville"),
    *("Krachpuffel", "8675309", "Dingsbumsa", "Hokuspokus", "Simsalabim", "Plotzblitz", "Trickytown"),
    *("31415.9", "27182.8", "16180", "14142", "57721", "66260", "29979", "30011", "12345.6", "0.0625"),
)
FINDING = Finding(
    id="weak_segment:Flimflamia",
    severity="warning",
    evidence=Evidence(
        claim="Where home town is Flimflamia the score is 0.6125; incomes go from 31,415.9 to 27183, as of Zanzibari…",
        measured={"score": 0.6125, "worst": "Trickytown", "lowest": 31415.926},
        columns=["home town"],
        plot=Plot(kind="bars", title="Scores", series=[Series(name="score", x=["Plotzblitz"], y=[0.6125])]),
    ),
    recommendation="Look at 'Trickytown' and at Grumpfish.",
)
ADVICE = Advice(
    verdict="APPROVE WITH CAVEATS: weak where home town is Flimflamia",
    reasoning_summary="It is weak in Flimflamia and in Quuxville.",
    findings=(FINDING,),
    suggested_action="Collect rows of Wobblestadt.",
    suggested_config={"target": "income", "setup": {"numeric_imputation": "Snorkville"}},
)


def test_no_cell_reaches_the_wire_unless_samples_are_allowed(provider: Provider, told: Told) -> None:
    provider.script(Reply(says=said()))
    narration = told(ADVICE, EVIDENCE)
    assert [cell for cell in CELLS if cell.lower() in provider.wire.lower()] == []
    assert narration.withheld > 10


def test_cells_reach_the_wire_where_samples_are_allowed(provider: Provider, told: Told) -> None:
    provider.script(Reply(says=said()))
    narration = told(ADVICE, EVIDENCE, allow_samples=True)
    # What only a plot has is for eyes.
    assert [cell for cell in CELLS if cell not in provider.wire] == ["Plotzblitz"]
    assert narration.withheld == 0


def test_aggregates_and_names_of_columns_reach_the_wire(provider: Provider, told: Told) -> None:
    provider.script(Reply(says=said()))
    told(ADVICE, EVIDENCE)
    for shown in (
        "1070",
        "4711.25",
        "0.8125",
        "0.6125",
        "0.4375",
        "2.75",
        "home town",
        "income",
        "APPROVE WITH CAVEATS",
    ):
        assert shown in provider.wire
    assert "17 events are left out." in provider.wire
    assert "DateParseError: Unknown datetime string format, unable to parse" in provider.wire


def test_a_finding_about_a_cell_is_cited_by_its_place(provider: Provider, told: Told) -> None:
    cited = {"text": "It is weak there, at 0.61.", "findings": ["weak_segment:#1"]}
    provider.script(Reply(says={"summary": [cited]}))
    narration = told(ADVICE, EVIDENCE)
    assert (narration.summary, narration.dropped) == (cited["text"], {})


def test_what_is_named_by_none_of_the_lists_stays() -> None:
    screen = Screen((), {"wibble": 3.5, "wobble": {"wibble": 4.5}, "share": 0.5})
    assert screen.data({"wibble": 3.5, "wobble": {"wibble": 4.5}, "share": 0.5}) == {"share": 0.5}


def test_means_of_fewer_rows_than_five_stay() -> None:
    whole = [{"rows": 4, "score": 0.5, "observed": 0.25}, {"rows": 5, "score": 0.5, "observed": 0.25}]
    assert Screen((), whole).evidence(whole) == [{"rows": 4}, whole[1]]


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("KeyError: 'Wumpus'", f"KeyError: '{VALUE}'"),
        ("could not convert string to float: Wumpus", f"could not convert string to float: {VALUE}"),
        ("ValueError: Input X contains 3 rows", f"ValueError: Input {VALUE} contains {NUMBER} rows"),
        ("columns are missing: {'home town'}", "columns are missing: {'home town'}"),
    ],
)
def test_of_a_librarys_sentence_only_known_words_leave(sentence: str, shown: str) -> None:
    assert Screen(["home town"], {}).foreign(sentence) == shown


def test_columns_are_known_by_the_fields_that_hold_them() -> None:
    told = {"target": "y", "columns": [{"name": "a b"}], "setup": {"ignore_features": ["c"]}, "segment": "d = e"}
    assert columns(told) == {"y", "a b", "c"}


def test_a_common_word_that_is_a_cell_too_is_masked_in_quotes_alone() -> None:
    screen = Screen((), {"classes": {"no": 0.5, "yes": 0.5}})
    assert screen.claim("There is no reason; 'no' is as frequent.") == f"There is no reason; '{VALUE}' is as frequent."


def test_bounds_of_a_score_leave_and_those_of_values_stay() -> None:
    whole = [{"score": 0.5, "low": 0.25, "high": 0.75}, {"distance": 0.5, "low": 17.0, "high": 64.0}]
    assert Screen((), whole).evidence(whole) == [whole[0], {"distance": 0.5}]
