"""Two fitted pipelines on the same rows."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, r2_score, roc_auc_score

from workbench.catalogue import TASKS
from workbench.judging.answers import Labels, Pair
from workbench.judging.comparison import Unanswered
from workbench.judging.judge import judge
from workbench.judging.tabular import _judge
from workbench.training.request import Limits
from workbench.training.supervised.classification import Classes, Said

pytestmark = pytest.mark.filterwarnings("ignore")


class Kills:
    """Ends whatever process unpickles it."""

    def __reduce__(self):
        return os._exit, (3,)


def pair(learned, task, champion, challenger, **setup):
    return learned("champion", task, champion, **setup), learned("challenger", task, challenger, **setup)


def unpickled(side):
    return pickle.loads(side.pickled)


@pytest.fixture(scope="module")
def many(mixed):
    """Five hundred rows on which a model can be much better than another."""
    chance = np.random.default_rng(5)
    x = chance.normal(size=(500, 3))
    wish = x[:, 0] + 0.5 * x[:, 1] + chance.normal(0, 0.5, 500)
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(part=chance.choice(["north", "south"], 500, p=[0.9, 0.1]))
    return frame.assign(buys=np.where(wish > 0, "yes", "no"), spends=100 + 20 * wish)


@pytest.mark.parametrize(
    ("task", "worse", "better", "metric"),
    [
        ("classification", "dummy", "lr", None),
        ("classification", "dummy", "nb", "AUC"),
        ("regression", "dummy", "lr", "MAE"),
    ],
)
def test_a_challenger_that_is_better_is_told_from_one_that_is_worse(learned, table, many, task, worse, better, metric):
    target = "buys" if task == "classification" else "spends"
    frame = many.drop(columns="spends" if target == "buys" else "buys")
    rows = table(task, frame, name="many", sha256="many")
    known = {"frame": frame, "sha256": "many"}
    for sides, verdict in (
        ((worse, better), "better"),
        ((better, worse), "worse"),
        ((better, better), "no difference"),
    ):
        found = judge(*pair(learned, task, *sides, **known), rows, target=target, metric=metric)
        assert (found.verdict, found.rows, found.notes) == (verdict, 150, ())
        assert found.difference.low <= found.difference.delta <= found.difference.high
    assert (found.difference.low, found.difference.high) == (0, 0)


def test_classifiers_are_measured_as_on_a_leaderboard(learned, table, mixed):
    champion, challenger = pair(learned, "classification", "lr", "dt")
    found = judge(champion, challenger, table("classification"), target="buys")
    rows = mixed["classification"].iloc[champion.holdout["rows"]].reset_index(drop=True)
    truth, features = rows.pop("buys"), rows
    for side, told in ((champion, found.champion), (challenger, found.challenger)):
        pipeline = unpickled(side)
        said = pipeline.predict(features)
        assert told["Accuracy"] == pytest.approx(accuracy_score(truth, said))
        assert told["F1"] == pytest.approx(f1_score(truth, said, average="weighted"))
        assert told["AUC"] == pytest.approx(roc_auc_score(truth == "yes", pipeline.predict_proba(features)[:, 1]))
    assert list(found.champion) == ["Accuracy", "AUC", "Recall", "Prec.", "F1", "Kappa", "MCC"]
    assert found.difference.delta == pytest.approx(found.challenger["Accuracy"] - found.champion["Accuracy"])


def test_regressors_are_measured_as_on_a_leaderboard(learned, table, mixed):
    champion, challenger = pair(learned, "regression", "lr", "dt", transform_target=True)
    found = judge(champion, challenger, table("regression"), target="spends")
    rows = mixed["regression"].iloc[champion.holdout["rows"]].reset_index(drop=True)
    truth, features = rows.pop("spends"), rows
    assert found.metric == "R2"
    for side, told in ((champion, found.champion), (challenger, found.challenger)):
        assert told["R2"] == pytest.approx(r2_score(truth, unpickled(side).predict(features)))


@pytest.mark.parametrize("classes", [(False, True), (0, 1), (2, 5)], ids=str)
def test_classes_of_any_kind_are_told_apart(learned, table, many, classes):
    frame = many.drop(columns="spends").assign(buys=[classes[label == "yes"] for label in many["buys"]])
    sides = pair(learned, "classification", "dummy", "lr", frame=frame, sha256=str(classes))
    found = judge(*sides, table("classification", frame, sha256=str(classes)), target="buys", metric="Recall")
    rows = frame.iloc[sides[1].holdout["rows"]].reset_index(drop=True)
    truth, said = rows.pop("buys"), unpickled(sides[1]).predict(rows)
    assert found.challenger["Accuracy"] == pytest.approx(accuracy_score(truth, said))
    assert found.challenger["AUC"] > 0.9
    # As PyCaret has it: of 0 and 1 the last class, of any others all of them.
    of_all = ((truth == said) & (truth == classes[1])).sum() / (truth == classes[1]).sum()
    assert found.challenger["Recall"] == pytest.approx(of_all if classes[1] == 1 else accuracy_score(truth, said))


def test_a_metric_that_a_model_cannot_have_decides_nothing_and_says_why(learned, table):
    sides = pair(learned, "classification", "lr", "dt")
    rows = table("classification")
    one = judge(*sides, rows, target="buys", metric="AUC", segment="city")
    assert one.verdict in ("better", "worse", "no difference")
    # Held-out rows of one class have no area.
    same = rows.frame.assign(buys="no")
    found = judge(*sides, table("classification", same), target="buys", metric="AUC")
    assert (found.verdict, found.champion["AUC"], found.difference) == ("not comparable", None, None)
    assert found.notes[0] == "AUC of the champion is undefined: The test rows are all of one class."


def test_too_few_rows_are_measured_and_decide_nothing(learned, table, mixed):
    sides = pair(learned, "classification", "lr", "dt")
    few = table("classification", mixed["classification"].head(12), name="few", sha256="new")
    found = judge(*(replace(side, reference=None) for side in sides), few, target="buys")
    assert (found.verdict, found.difference.low) == ("not comparable", None)
    assert 0 < found.champion["Accuracy"] <= 1
    assert found.notes[0] == "12 rows are too few to tell a difference from noise: it takes 30."


@pytest.mark.parametrize(("more", "verdict"), [(5, "no difference"), (6, "better")])
def test_labels_that_hardly_differ_may_do_so_by_chance(more, verdict):
    truth = np.array(["no", "yes"] * 50)
    classes = Classes(np.array(["no", "yes"]), is_multiclass=False)

    def right_but_for(wrong):
        said = np.where(np.arange(100) < wrong, np.where(truth == "no", "yes", "no"), truth)
        return Labels(classes, truth, Said(said, classes.known, None, decides=False))

    both = Pair(right_but_for(20 + more), right_but_for(20), np.arange(100) % 2)
    found = _judge(both, TASKS["classification"].metric("Accuracy"), least=30)
    assert (found.verdict, found.difference.delta) == (verdict, pytest.approx(more / 100))
    assert (found.difference.low > 0, found.note == "") == (more == 6, more == 6)


def test_segments_are_told_by_frequency_and_say_where_they_are_too_small(learned, table, many):
    frame = many.drop(columns="spends")
    sides = pair(learned, "classification", "dummy", "lr", frame=frame, sha256="many")
    found = judge(*sides, table("classification", frame, sha256="many"), target="buys", segment="part")
    north, south = found.segments
    assert (north.value, south.value, north.rows + south.rows) == ("north", "south", found.rows)
    assert north.difference.low > 0
    assert (south.difference.low, south.note) == (None, "too few rows")
    total = (north.challenger * north.rows + south.challenger * south.rows) / found.rows
    assert total == pytest.approx(found.challenger["Accuracy"])


def test_rare_values_of_a_segment_and_missing_ones_are_told_together(learned, table, many):
    frame = many.drop(columns="spends").assign(part=[None if row % 50 == 0 else f"p{row % 30}" for row in range(500)])
    sides = pair(learned, "classification", "dummy", "lr", frame=frame, sha256="parts")
    found = judge(*sides, table("classification", frame, sha256="parts"), target="buys", segment="part")
    assert len(found.segments) == 22
    *_, rare, missing = found.segments
    assert (rare.value.endswith("other values"), missing.value) == (True, None)
    assert sum(segment.rows for segment in found.segments) == found.rows


def test_rows_with_gaps_that_a_pipeline_drops_are_not_held_against_it(learned, table, mixed):
    frame = mixed["regression"]
    champion = learned("champion", "regression", "lr")
    challenger = learned("challenger", "regression", "lr", numeric_imputation="drop")
    fresh = table("regression", frame.assign(visits=frame["visits"] + 0.5), name="fresh", sha256="fresh")
    found = judge(champion, challenger, fresh, target="spends")
    gaps = int(frame["age"].isna().sum())
    assert found.rows == 160 - gaps
    assert found.notes == (f"The challenger answers for {160 - gaps} of 160 rows: it drops those with gaps.",)


def test_a_pipeline_whose_schema_names_a_column_that_was_left_out_is_judged_all_the_same(learned, table):
    sides = pair(learned, "classification", "lr", "dt", ignore_features=["visits"])
    more = [{"name": "visits", "dtype": "int64"}]
    found = judge(
        *(replace(side, schema=[*side.schema, *more]) for side in sides), table("classification"), target="buys"
    )
    assert found.champion == judge(*sides, table("classification"), target="buys").champion


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"age": "old"}, "The challenger does not take the rows of new: Row 0: 'age' is 'old'; it takes a number. "),
        ({"buys": 1}, "'buys' of new holds numbers, while the challenger predicts texts."),
    ],
    ids=str,
)
def test_a_table_that_holds_something_else_is_not_judged_by(learned, table, mixed, change, why):
    sides = (replace(side, reference=None) for side in pair(learned, "classification", "lr", "dt"))
    other = table("classification", mixed["classification"].assign(**change), name="new", sha256="new")
    found = judge(*sides, other, target="buys")
    assert (found.verdict, found.notes[0].startswith(why)) == ("not comparable", True)


def test_classes_that_neither_knows_are_counted_against_both(learned, table, mixed):
    frame = mixed["classification"]
    sides = [replace(side, reference=None) for side in pair(learned, "classification", "lr", "dt")]
    more = frame.assign(buys=frame["buys"].where(frame.index % 10 > 0, "perhaps"))
    found = judge(*sides, table("classification", more, name="more", sha256="more"), target="buys")
    assert found.champion["Accuracy"] < 0.9
    assert found.champion["AUC"] is None
    assert found.notes[-1] == "16 rows are of classes that neither knows: perhaps."


def test_a_challenger_that_ends_its_process_is_told_of_and_takes_nothing_with_it(learned, table):
    champion, challenger = pair(learned, "classification", "lr", "dt")
    with pytest.raises(Unanswered) as caught:
        judge(champion, replace(challenger, pickled=pickle.dumps(Kills())), table("classification"), target="buys")
    assert str(caught.value) == "The challenger did not answer. Its process ended with code 3."


def test_a_champion_that_does_not_answer_can_be_replaced_by_somebody_who_knows(learned, table):
    champion, challenger = pair(learned, "classification", "lr", "dt")
    found = judge(replace(champion, pickled=b"?"), challenger, table("classification"), target="buys")
    assert found.verdict == "not comparable"
    assert found.notes[0].startswith("The champion did not answer. UnpicklingError: ")


def test_a_challenger_that_takes_too_long_is_given_up(learned, table):
    sides = pair(learned, "classification", "lr", "dt")
    with pytest.raises(Unanswered):
        judge(*sides, table("classification"), target="buys", limits=Limits(model_s=0.001))


def test_what_is_told_is_plain_data(learned, table):
    sides = pair(learned, "classification", "lr", "dt")
    told = judge(*sides, table("classification"), target="buys", segment="city").as_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert set(told) == {
        *("metric", "greater_is_better", "rows", "rows_from", "champion", "challenger", "delta", "low", "high"),
        *("verdict", "method", "segments", "notes"),
    }
