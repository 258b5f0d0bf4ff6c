"""A fitted pipeline examined on rows that it did not learn from."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error, roc_auc_score

from workbench.advisors.examination import PARTS, Examination
from workbench.catalogue import TASKS
from workbench.examining import importance
from workbench.examining.examine import examine

pytestmark = pytest.mark.filterwarnings("ignore")


class Kills:
    """Ends whatever process unpickles it."""

    def __reduce__(self):
        return os._exit, (3,)


@pytest.fixture(scope="module")
def planted():
    """Rows on which `a` decides, `idle` does nothing, and nothing can be known of the part that is noisy."""
    chance = np.random.default_rng(5)
    rows = 1_200
    frame = pd.DataFrame({"a": chance.normal(size=rows), "idle": chance.normal(size=rows)})
    frame["part"] = chance.choice(["calm", "noisy"], rows, p=[0.75, 0.25])
    wish = np.where(frame["part"] == "noisy", chance.normal(size=rows), frame["a"])
    kind = pd.Series(chance.choice(["x", "y", "z"], rows))
    return frame.assign(kind=kind, buys=np.where(wish > 0, "yes", "no"), spends=100 + 20 * frame["a"] + wish)


@pytest.fixture(scope="module")
def looked(learned, table, planted):
    """Examine a pipeline of the planted table in full; the same one once."""
    made = {}

    def look(task: str, model: str) -> Examination:
        if (task, model) not in made:
            target, other = ("buys", "spends") if task == "classification" else ("spends", "buys")
            frame = planted.drop(columns=other)
            side = learned("pipeline", task, model, frame=frame, sha256=f"planted {task}")
            judged = table(task, frame, sha256=f"planted {task}")
            made[task, model] = examine(side, judged, target=target, budget_s=60), side, judged
        return made[task, model]

    return look


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_scores_are_those_of_the_pipeline_on_the_rows_held_out(looked, task):
    found, side, judged = looked(task, "lr")
    rows = judged.frame.iloc[side.holdout["rows"]]
    pipeline = pickle.loads(side.pickled)
    said = pipeline.predict(rows.drop(columns=[found.target]))
    assert found.rows_examined == found.rows_held_out == len(rows)
    if task == "classification":
        given = pipeline.predict_proba(rows.drop(columns=["buys"]))[:, 1]
        assert found.held_out["Accuracy"] == pytest.approx(accuracy_score(rows["buys"], said))
        assert found.held_out["AUC"] == pytest.approx(roc_auc_score(rows["buys"] == "yes", given))
        assert found.baseline["AUC"] == 0.5
    else:
        assert found.held_out["MAE"] == pytest.approx(mean_absolute_error(rows["spends"], said))
        assert found.baseline["R2"] == pytest.approx(0, abs=0.02)
    assert found.held_out_interval.low < found.score < found.held_out_interval.high
    assert found.beyond_baseline.low > 0


def test_a_column_that_decides_carries_the_score_and_one_that_does_nothing_does_not(looked):
    found, _, _ = looked("classification", "lr")
    drops = {importance.column: importance for importance in found.importances}
    assert found.importances[0].column == "a"
    assert drops["a"].drop > 0.1
    assert abs(drops["idle"].drop) < 0.03


def test_how_fast_a_pipeline_answers_changes_no_importance(looked):
    _, side, judged = looked("classification", "lr")
    frame, columns = judged.frame.drop(columns="buys"), ["a", "idle", "part", "kind"]
    asked = (side, frame, judged.frame["buys"], columns, TASKS["classification"].metric("Accuracy"))
    slow, fast = (
        importance.drops(*asked, row_s=row_s, patience_s=patience) for row_s, patience in ((1, 20), (1e-9, 1e6))
    )
    assert slow == fast
    assert {len(values) for values in fast.drops.values()} == {importance.REPEATS}
    assert fast.rows == fast.rows_meant == len(frame)


def test_without_time_for_one_repeat_fewer_rows_are_meant_to_be_shuffled_and_that_is_told(looked):
    _, side, judged = looked("classification", "lr")
    asked = (
        side,
        judged.frame.drop(columns="buys"),
        judged.frame["buys"],
        ["a"],
        TASKS["classification"].metric("AUC"),
    )
    hurried = importance.drops(*asked, row_s=1, patience_s=1e-9)
    assert (hurried.rows, hurried.rows_meant) == (importance.ROWS_LEAST, len(judged.frame))
    assert hurried.drops == {"a": []}


def test_rows_that_are_shuffled_go_by_counts_alone():
    assert importance.rows_of(50_000, 5) == importance.ROWS_MOST
    assert importance.rows_of(321, 5) == 321
    assert importance.rows_of(50_000, 50) < importance.ROWS_MOST
    assert importance.rows_of(50_000, 2_000) == importance.ROWS_LEAST


def test_the_segment_of_which_nothing_can_be_known_is_the_worst(looked):
    found, _, _ = looked("classification", "lr")
    worst = found.segments[0]
    assert (worst.column, worst.value) == ("part", "noisy")
    assert worst.score < worst.elsewhere
    assert worst.p_corrected < 0.001
    assert found.segments_looked_at > 5


def test_a_forest_is_better_on_what_it_learned_from_and_more_rows_are_tried(looked):
    found, _, judged = looked("classification", "rf")
    assert found.gap > 0.05
    rows = [point.rows for point in found.learning.points]
    assert rows == sorted(rows)
    assert rows[-1] == found.rows_learned == len(judged.frame) - found.rows_held_out


def test_errors_of_numbers_are_told_by_tenths_and_classes_by_what_they_are_taken_for(looked):
    numbers, _, _ = looked("regression", "lr")
    labels, _, _ = looked("classification", "lr")
    assert sum(part.rows for part in numbers.residuals.bins) == numbers.rows_examined
    assert numbers.residuals.bias_interval.low < 0 < numbers.residuals.bias_interval.high
    assert numbers.calibration is None
    assert labels.confusion.labels == ("no", "yes")
    assert sum(map(sum, labels.confusion.matrix)) == labels.rows_examined


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_what_was_found_is_the_same_as_json_and_at_every_call(learned, table, task):
    side, target = learned("pipeline", task, "lr"), "buys" if task == "classification" else "spends"
    asked = {"target": target, "budget_s": 60}
    found, again = (examine(side, table(task), **asked).model_copy(update={"seconds": {}}) for _ in range(2))
    assert found == again
    assert Examination.model_validate_json(found.model_dump_json()) == found


def test_a_pipeline_that_was_fitted_on_all_rows_is_said_to_have_none_held_out(learned, table):
    side = learned("pipeline", "classification", "lr", all_rows=True)
    found = examine(side, table("classification"), target="buys", budget_s=60)
    assert (found.rows_held_out, found.held_out, found.importances) == (0, {}, None)
    assert found.learned["Accuracy"] > 0.5
    assert found.preparation is not None
    why = ("The pipeline was fitted on all rows of mixed.",)
    assert all(found.about(part) == why for part in PARTS if part != "preparation")


def test_gaps_are_said_to_be_filled_and_unknown_values_to_be_answered(learned, table):
    found = examine(
        learned("pipeline", "classification", "lr"), table("classification"), target="buys", parts=["preparation"]
    )
    age, city = (found.preparation.column(name) for name in ("age", "city"))
    assert (age.filled_by, age.answers_gap, age.encoded_by) == ("SimpleImputer", True, "")
    assert age.missing_learned > 0
    assert (city.encoded_by, city.answers_unknown, city.unknown_held_out) == ("OneHotEncoder", True, 0)
    assert found.importances is None


def test_a_pipeline_that_drops_gaps_is_said_to_have_no_answer_for_them(learned, table):
    side = learned("pipeline", "classification", "lr", numeric_imputation="drop", categorical_imputation="drop")
    found = examine(side, table("classification"), target="buys", parts=["scores", "preparation"])
    assert found.preparation.column("age").drops_gaps
    assert found.rows_examined < found.rows_held_out
    assert any("drops those with gaps" in note.about for note in found.notes)


def test_a_column_that_the_pipeline_does_not_take_can_tell_segments_too(learned, table, mixed):
    side = learned("pipeline", "classification", "lr", ignore_features=["city"])
    found = examine(side, table("classification"), target="buys", parts=["scores", "segments"], segment="city")
    assert {segment.value for segment in found.segments} >= {"Rome", "Oslo", "Bern", "missing"}
    assert sum(segment.rows for segment in found.segments) == found.rows_examined
    missing = examine(side, table("classification"), target="buys", parts=["segments"], segment="town")
    assert missing.about("segments") == ("mixed has no column 'town'.",)


def test_without_time_nothing_raises_and_what_was_not_looked_at_is_told(learned, table):
    found = examine(learned("pipeline", "classification", "lr"), table("classification"), target="buys", budget_s=0)
    assert found.importances is None
    assert found.about("importances")


def test_a_pipeline_that_ends_its_process_is_told_of(learned, table):
    dead = replace(learned("pipeline", "classification", "lr"), pickled=pickle.dumps(Kills()))
    found = examine(dead, table("classification"), target="buys", budget_s=30)
    assert found.held_out == {}
    assert found.about("scores") == ("The pipeline did not answer. Its process ended with code 3.",)


def test_a_forecast_is_held_against_the_steps_after_its_series(learned, table):
    side = learned("pipeline", "time_series", "naive", fh=8)
    found = examine(side, table("time_series"), target="sales", budget_s=60)
    assert [step.step for step in found.forecast.steps] == list(range(1, 9))
    assert [step.truth for step in found.forecast.steps] == table("time_series").frame["sales"].tolist()[-8:]
    missed = [step.truth - step.predicted for step in found.forecast.steps]
    assert found.held_out["MAE"] == pytest.approx(np.abs(missed).mean())
    assert found.forecast.bias == pytest.approx(np.mean(missed))
    assert Examination.model_validate_json(found.model_dump_json()) == found


def test_of_groups_it_is_told_how_large_they_are_and_that_there_is_no_truth(learned, table):
    groups = {"rows": 160, "predictions": {"values": [["Cluster 0", 120], ["Cluster 1", 40]]}}
    side = replace(learned("pipeline", "regression", "lr"), task="clustering", reference=groups)
    found = examine(side, table("clustering"), target=None)
    assert found.classes == {"Cluster 0": 0.75, "Cluster 1": 0.25}
    assert all("no truth" in found.about(part)[0] for part in PARTS)
