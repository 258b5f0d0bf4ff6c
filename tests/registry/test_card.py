"""The model card: what is stored of a pipeline, in Markdown, and nothing else."""

from __future__ import annotations

import json

import pytest

from workbench.registry.card import COLUMNS_MOST
from workbench.store.artifacts import REFERENCE

LEARNED = {
    "rows": 101,
    "columns": {
        "age": {"kind": "number", "missing": 0.125, "min": 18, "max": 91.5},
        "city": {
            "kind": "text",
            "missing": 0.0,
            "values": [["Rome", 60], ["Oslo|Bergen", 30]],
            "rest": 11,
            "distinct": 5,
        },
        "since": {"kind": "date", "missing": 0.0, "min": "2020-01-01", "max": "2024-06-30"},
        "empty": {"kind": "number", "missing": 1.0},
    },
    "target": {
        "name": "species",
        "kind": "text",
        "missing": 0.0,
        "values": [["yes", 70], ["no", 31]],
        "rest": 0,
        "distinct": 2,
    },
    "predictions": None,
}
KINDS = {"age": "number", "city": "text", "since": "date", "empty": "number"}


@pytest.fixture
def write(pipelines, promoted):
    """Write the card of a pipeline that learned from four columns."""

    def write(model="rf", *, reference=LEARNED, **made):
        kept = {} if reference is None else {REFERENCE: json.dumps(reference).encode()}
        return pipelines.card(promoted(model, columns=KINDS, kept=kept, **made))

    return write


def section(card: str, title: str) -> str:
    return card.split(f"## {title}\n")[1].split("\n## ", maxsplit=1)[0].strip()


def test_it_says_what_is_predicted_and_by_what(write):
    card = write(name="shop")
    assert card.startswith("# shop\n\nRF, promoted by ada on 20")
    assert section(card, "What it predicts") == (
        "Classification of `species`.\n\nIn the rows that it was fitted on, the target had yes (70), no (31)."
    )


def test_it_says_on_what_data(write, iris):
    lines = section(write(), "Data").splitlines()
    assert lines == [
        f"- Data source: iris, 150 rows, SHA-256 `{iris.sha256}`",
        "- Fitted on 101 rows",
        "- Held out: 45 rows",
    ]


def test_its_metrics_have_spread_interval_and_notes(write):
    told = section(write(accuracy=(0.8, 0.9, 1.0)), "Metrics")
    assert told.startswith("Means over 3 folds of the training rows; models were ranked by Accuracy.")
    assert "| Accuracy | 0.9000 | 0.0816 | 0.5072 … 1.2928 |" in told
    assert "| AUC | – | – |  |" in told
    assert "- AUC is undefined: a class is missing" in told


def test_its_columns_have_kinds_gaps_and_ranges(write):
    assert section(write(), "Input columns").splitlines() == [
        "| column | kind | missing | values in the rows it was fitted on |",
        "|---|---|---|---|",
        "| `age` | number | 12.5% | 18 … 91.5 |",
        "| `city` | text | 0.0% | Rome (60), Oslo\\|Bergen (30), and 3 more |",
        "| `since` | date | 0.0% | 2020-01-01 … 2024-06-30 |",
        "| `empty` | number | 100.0% | no value |",
    ]


def test_without_a_reference_it_says_what_that_means(write):
    card = write(reference=None)
    assert "| `age` | number |" in section(card, "Input columns")
    assert "- Fitted on 105 rows" in section(card, "Data")
    assert "drift cannot be judged" in section(card, "Limits")


def test_a_wide_table_makes_no_endless_card(pipelines, promoted):
    columns = {f"c{number}": "number" for number in range(COLUMNS_MOST + 7)}
    told = section(pipelines.card(promoted(columns=columns)), "Input columns")
    assert told.endswith("\n\nAnd 7 more.")
    assert len(told.splitlines()) == COLUMNS_MOST + 4


def test_it_says_how_it_was_made(write, pipelines):
    told = section(write(setup={"normalize": True}), "How it was made")
    assert "- Plan `create`, seed 7, 3 folds" in told
    assert '- Recipe: `{"kind": "model", "model": "rf"}`' in told
    assert "- Set-up: `normalize` = `true`" in told
    assert f"SHA-256 `{pipelines.get('iris-rf').sha256}`" in told


def test_it_says_what_was_installed(write):
    told = section(write(), "Environment")
    assert told.startswith("python 3.11.7, pycaret 3.3.2")
    assert "all 2 distributions" in told


def test_it_says_which_aliases_named_it_and_who_moved_them(pipelines, promoted, aliases):
    kept = promoted(name="shop")
    assert "## Aliases" not in pipelines.card(kept)
    aliases.set("champion", kept, why="best of | all")
    aliases.set("champion", promoted("dt", name="next"))
    aliases.rollback("champion", why="slow")
    told = section(pipelines.card(kept), "Aliases")
    assert told.startswith("Now named by `champion`.")
    assert [line.split(" | ", 2)[2] for line in told.splitlines()[4:]] == [
        "`champion` | – | shop | best of \\| all |",
        "`champion` | shop | next |  |",
        "`champion` | next | shop | takes move 2 back; slow |",
    ]
    aliases.unset("champion")
    assert section(pipelines.card(kept), "Aliases").startswith("No alias names it now.")


def test_its_limits_are_those_that_are_known(write):
    told = section(write(plan="finalize"), "Limits")
    assert "no row is left to judge it on" in told
    assert "- Undefined for it: AUC, " in told
    assert "- 4 repeated rows" in told


def test_models_that_raced_are_told(write):
    assert "Models raced" in section(write(plan="compare", racing=True, include=["rf"]), "Limits")


def test_a_clustering_that_takes_no_new_rows_says_so(pipelines, promoted):
    kept = promoted("dbscan", task="clustering", target=None, folds=1)
    card = pipelines.card(kept)
    assert section(card, "What it predicts") == "Clustering, without a target."
    assert section(card, "Metrics").startswith("On the whole table")
    assert "new rows" in section(card, "Limits")


def test_a_note_closes_it_and_markup_in_it_stays_text(write):
    card = write(note="*for* the <b>shop</b>")
    assert section(card, "Note") == "\\*for\\* the \\<b\\>shop\\</b\\>"


def test_a_pipeline_that_was_not_scored_says_so(write):
    assert section(write(accuracy=()), "Metrics") == "It was not scored."
