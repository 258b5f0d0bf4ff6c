"""What the debugger makes of a run: verdict, line, and the request that can be launched instead."""

from __future__ import annotations

import pytest

from workbench.advisors.failure_debugger.evidence import Base, EventLine

SMOTE = "BadRequest: Set-up failed: ValueError: Expected n_neighbors <= n_samples, but n_neighbors = 6, n_samples = 4"
KILLED = "ProcessDied: The run process was killed (SIGKILL). The system does this when memory runs out."
FEW = "ValueError: n_splits=10 cannot be greater than the number of members in each class."
NONE = "NoModel: no model was scored on every fold."


def test_a_request_is_told_in_full_with_what_mends_it(debug):
    advice = debug(SMOTE, spec={"setup": {"fix_imbalance": True, "normalize": True}, "sort": "F1"})
    assert advice.suggested_config == {
        "data": "shop",
        "target": "buys",
        "task": "classification",
        "plan": "compare",
        "include": ["lr", "dt"],
        "setup": {"fix_imbalance": True, "normalize": True, "fix_imbalance_method": "RandomOverSampler"},
        "folds": 10,
        "seed": 42,
        "sort": "F1",
    }
    assert advice.verdict == "CONFIG: a class is too small to be resampled"
    assert advice.tone == "danger"


def test_the_line_that_matters_is_the_one_of_several_that_the_cause_is_read_from(debug):
    error = (
        "BadRequest: Set-up failed: ValueError: Cannot use mean strategy:\ncould not convert string to float: 'Oslo'"
    )
    line = debug(error, spec={"setup": {"numeric_features": ["city"]}}).finding("line")
    assert line.evidence.measured["line"] == "could not convert string to float: 'Oslo'"
    assert line.evidence.measured["where"] == "error"


def test_folds_are_brought_down_to_the_rows_that_the_rarest_class_has_to_train_on(debug, column):
    advice = debug(FEW, columns=(column("age"), column("buys", "text", rarest=6)))
    assert advice.suggested_config["folds"] == 4


def test_of_a_process_that_only_died_the_log_may_know_more(debug):
    log = ["fold 3", "OSError: [Errno 28] No space left on device"]
    advice = debug("ProcessDied: The run process ended with code 1 before it told a result.", log=log)
    assert advice.verdict == "ENGINE: the disk is full"
    assert advice.finding("line").evidence.measured["where"] == "log"


def test_a_killed_process_is_worth_the_same_request_once_more(debug):
    advice = debug(KILLED)
    assert advice.suggested_config["include"] == ["lr", "dt"]
    assert advice.finding("mend").evidence.measured["changes"] == []


def test_models_that_failed_alike_are_told_as_one_cause(debug, failed):
    words = "ValueError: Input X contains infinity or a value too large for dtype('float32')."
    advice = debug(
        status="succeeded",
        field=("lr", "dt", "rf"),
        scored=("lr",),
        failures=(failed("dt", words), failed("rf", words)),
    )
    causes = [found for found in advice.findings if found.id.startswith("cause.")]
    assert [found.evidence.measured["models"] for found in causes] == [["dt", "rf"]]
    assert causes[0].severity == "warning"
    assert advice.risk_flags == ("failed_models",)


def test_a_column_of_enormous_numbers_is_left_out_where_models_fail_by_them(debug, failed, column):
    columns = (column("age"), column("income", maximum=1e300), column("buys", "text"))
    lost = failed("dt", "ValueError: Input X contains infinity or a value too large for dtype('float32').")
    advice = debug(status="succeeded", scored=("lr",), failures=(lost,), columns=columns)
    assert advice.suggested_config["setup"] == {"ignore_features": ["income"]}


def test_where_no_model_is_left_the_board_tells_why(debug, failed):
    reason = "Fold 1 could not be prepared: ValueError: could not convert string to float: 'Oslo'"
    lost = tuple(failed(model, reason) for model in ("lr", "dt"))
    advice = debug(NONE, failures=lost, spec={"setup": {"preprocess": False}})
    assert advice.verdict == "CONFIG: texts are not encoded"
    assert advice.finding("line").evidence.measured["where"] == "leaderboard"
    assert "setup" not in advice.suggested_config


def test_a_model_that_was_too_slow_gets_the_time_that_its_folds_took_and_a_margin(debug, failed):
    slow = failed("dt", "dt took longer than the 100 s that a model may take.", status="timed_out", folds_scored=4)
    advice = debug(status="succeeded", scored=("lr",), failures=(slow,), spec={"model_timeout_s": 100})
    assert advice.suggested_config["model_timeout_s"] == 500
    assert "resume" in advice.suggested_action


def test_a_run_that_was_ended_before_anything_was_scored_gets_a_minute_at_least(debug):
    advice = debug("TimedOut: the run took longer than 2 s.", spec={"run_timeout_s": 2})
    assert advice.suggested_config["run_timeout_s"] == 80
    assert debug("TimedOut: the run took longer than 1 s.").suggested_config["run_timeout_s"] == 60


def test_memory_that_the_request_limits_is_its_fault_and_memory_that_the_machine_lacks_is_not(debug, failed):
    hungry = failed("dt", "It ran out of memory: it may take 0.0977 GiB.")
    asked = {"status": "succeeded", "scored": ("lr",), "failures": (hungry,)}
    limited, shared = debug(**asked, spec={"unit_memory": 104_857_600}), debug(**asked)
    assert limited.verdict == "CONFIG: a model's limit of memory was too low"
    assert limited.suggested_config["unit_memory"] == 0
    assert shared.verdict == "ENGINE: a model needed more memory than it may take"
    assert shared.suggested_config["include"] == ["lr"]


def test_the_last_model_of_a_plan_that_cannot_be_had_is_replaced_by_a_sturdy_one(debug):
    error = "BadRequest: xgboost is not installed where training runs."
    advice = debug(error, plan="create", bases=(Base(id="xgboost"),), field=(), spec={"include": None})
    assert (advice.suggested_config["plan"], advice.suggested_config["model"]) == ("create", "rf")
    assert "--with xgboost" in advice.findings[0].recommendation


def test_a_model_with_parameters_of_its_own_is_named_by_the_run_whose_board_has_it(debug):
    bases = (Base(id="dt:3", of_run="f" * 32),)
    setup = {"fix_imbalance": True}
    followed = {"fix_imbalance": True, "normalize": True, "imputation_type": None}
    advice = debug(
        SMOTE, plan="finalize", bases=bases, followed_setup=followed, field=(), spec={"include": None, "setup": setup}
    )
    assert (advice.suggested_config["from_run"], advice.suggested_config["model"]) == ("f" * 32, "dt:3")
    taken_back = {name: advice.suggested_config["setup"][name] for name in ("normalize", "imputation_type")}
    assert taken_back == {"normalize": None, "imputation_type": "simple"}


def test_nothing_is_suggested_where_a_model_cannot_be_named_any_more(debug):
    assert debug(SMOTE, plan="finalize", bases=None, spec={"setup": {"fix_imbalance": True}}).suggested_config is None


def test_a_table_that_was_deleted_is_had_from_the_run_that_used_it(debug):
    advice = debug(SMOTE, is_source_there=False, spec={"setup": {"fix_imbalance": True}})
    assert advice.suggested_config["from_run"] == "0" * 32
    assert "data" not in advice.suggested_config


def test_findings_that_a_run_was_let_pass_are_overridden_again(debug):
    advice = debug(KILLED, overridden=("leak.copy",))
    assert advice.suggested_config["override"] == ["leak.copy"]


def test_a_series_whose_dates_skip_a_step_is_taken_in_the_order_of_its_rows(debug, column):
    error = "BadRequest: The index 'day' has no row for 2020-01-21: row 21 is 2020-01-23."
    columns = (column("day", "date"), column("sales"))
    spec = {"setup": {"index": "day", "fh": 3}, "folds": 3, "include": ["theta"]}
    advice = debug(error, task="time_series", target="sales", columns=columns, spec=spec)
    assert advice.suggested_config["setup"] == {"fh": 3, "ignore_features": ["day"]}


def test_an_option_is_found_by_the_number_that_the_error_says_it_got(debug):
    error = "BadRequest: Set-up failed: ValueError: 'max_iter' should be a positive integer. Got -3 instead."
    setup = {"imputation_type": "iterative", "iterative_imputation_iters": -3}
    assert debug(error, spec={"setup": setup}).suggested_config["setup"] == {"imputation_type": "iterative"}


@pytest.mark.parametrize(
    ("error", "category"),
    [
        ("ValueError: the flux of rows is not solenoidal", "DATA"),
        ("TypeError: the flux parameter is unknown to this machine", "CONFIG"),
        ("OSError: the flux capacitor is offline", "ENGINE"),
    ],
)
def test_an_error_that_nobody_has_met_is_said_to_be_such(debug, error, category):
    log = ["Traceback (most recent call last):", '  File "/opt/site-packages/flux/core.py", line 7, in fit', error]
    advice = debug(error, log=log)
    cause = next(found for found in advice.findings if found.id.startswith("cause."))
    assert advice.verdict.startswith(f"{category}: an error that is not known")
    assert cause.evidence.claim.startswith("The cause was not recognised")
    assert not cause.evidence.measured["recognised"]
    assert advice.finding("line").evidence.measured["raised_in"] == "flux/core.py, line 7, in fit"
    assert advice.suggested_config is None


def test_a_process_that_was_lost_on_the_way_is_told_of(debug, failed):
    lost = EventLine(seq=7, kind="run.requeued", message="The run process was killed (SIGKILL). It goes on.")
    crashed = failed("dt", "Its process died by SIGSEGV.")
    advice = debug(status="succeeded", scored=("lr",), failures=(crashed,), notable=(lost,))
    assert advice.finding("process_lost").severity == "note"
    assert advice.suggested_config["include"] == ["lr"]


def test_what_could_not_be_looked_at_is_a_finding(debug):
    advice = debug(KILLED, lacking=("The run's process left no log on this machine.",))
    assert advice.finding("not_looked_at:1").evidence.claim == "The run's process left no log on this machine."


def test_a_run_without_a_word_of_why_it_ended_is_told_as_such(debug):
    advice = debug(None)
    assert advice.verdict == "ENGINE: the run ended without telling why"
    assert advice.suggested_config is None
