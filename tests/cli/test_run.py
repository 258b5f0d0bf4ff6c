"""``workbench run``: the whole job from the command line."""

from __future__ import annotations

import signal
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from workbench.catalogue import PLANS
from workbench.cli.main import main

ROUNDED = 0.5e-4 + 1e-9
"""Half of the last digit that PyCaret prints."""
MODELS = ["lr", "nb", "dt", "lda", "dummy"]
LONG = ["--target", "diagnosis", "--include", "gbc", "--fold", "200"]
"""A comparison of breast_cancer that takes minutes unless it is ended."""

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def table(mixed, tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "shoppers.csv"
    # In an order of its own: a home knows a file by its bytes, and others bring this table too.
    mixed["classification"].sample(frac=1, random_state=1).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def compared(shared, table):
    """What a small comparison of a file prints as JSON."""
    options = ["--session-id", "7", "--fold", "3", "--include", ",".join(MODELS), "--set", "normalize=true"]
    return shared("run", "compare", "--data", table, "--target", "buys", *options, "--json")


@pytest.fixture
def long(warm):
    """A long comparison, as submitted from the command line."""
    warm.data.sample("breast_cancer")
    found = []
    yield found
    for run_id in found:
        warm.runs.get(run_id).cancel()
        assert warm.runs.get(run_id).wait(timeout_s=120).is_terminal


@pytest.fixture
def here(monkeypatch, capsys):
    """Run the command in this process; return its exit code and what it printed."""

    def here(settings, *arguments):
        monkeypatch.setenv("WORKBENCH_HOME", str(settings.home))
        for name in ("WORKBENCH_DATABASE_URL", "WORKBENCH_ARTIFACT_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(sys, "argv", ["workbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().out

    return here


def test_a_comparison_prints_one_document_of_the_documented_shape(compared):
    assert (compared.code, compared.err) == (0, "")
    assert set(compared.document) == {"run", "leaderboard"}
    run = compared.document["run"]
    assert (run["status"], run["error"], run["plan"], run["target"]) == ("succeeded", None, "compare", "buys")
    assert run["duration_ms"] > 0
    assert len(run["id"]) == 36
    board = compared.document["leaderboard"]
    assert sorted(row["model"] for row in board) == sorted(MODELS)
    for row in board:
        assert {"model", "name", "status", "reason", "metrics", "std", "fit_s"} <= set(row)
        assert (row["status"], row["reason"]) == ("scored", None)
        assert list(row["metrics"]) == list(row["std"]) == ["Accuracy", "AUC", "Recall", "Prec.", "F1", "Kappa", "MCC"]
        assert row["fit_s"] > 0
    best = [row["metrics"]["Accuracy"] for row in board]
    assert best == sorted(best, reverse=True)


def test_its_numbers_are_those_of_pycaret(compared, table, pycaret_says):
    theirs = pycaret_says("classification", pd.read_csv(table), "buys", MODELS, seed=7, folds=3, normalize=True)
    ours = {row["model"]: row["metrics"] for row in compared.document["leaderboard"]}
    assert set(theirs.index) == set(MODELS)
    apart = [
        (model, metric, ours[model][metric], value)
        for model, row in theirs.iterrows()
        for metric, value in row.items()
        if abs(ours[model][metric] - value) > ROUNDED
    ]
    assert apart == []


def test_its_means_are_not_rounded(compared):
    digits = [
        len(repr(value)) for row in compared.document["leaderboard"] for value in row["metrics"].values() if value
    ]
    assert max(digits) > 12


def test_a_file_that_was_compared_on_is_known_the_next_time(compared, shared, table, warm):
    said = shared("run", "setup", "--data", table, "--target", "buys", "--json")
    assert said.code == 0
    assert said.document["run"]["source"] == compared.document["run"]["source"]
    assert [source.name for source in warm.data.list()].count("shoppers") == 1


def test_a_source_may_be_named_instead_of_a_file(compared, shared):
    said = shared("run", "create", "--data", "shoppers", "--target", "buys", "--model", "nb", "--fold", "2", "--json")
    assert (said.code, said.document["run"]["plan"]) == (0, "create")
    assert [row["model"] for row in said.document["leaderboard"]] == ["nb"]


def test_without_json_a_table_is_printed(compared, shared):
    said = shared("run", "show", compared.document["run"]["id"])
    assert (said.code, said.err) == (0, "")
    assert "succeeded" in said.out.splitlines()[0]
    for row in compared.document["leaderboard"]:
        (line,) = [line for line in said.out.splitlines() if f" {row['name']} " in line]
        assert f"{row['metrics']['Accuracy']:.4f}" in line
        assert "3/3" in line


def test_beside_the_ranking_mean_stands_how_far_its_interval_reaches(compared, shared):
    said = shared("run", "show", compared.document["run"]["id"])
    for row in compared.document["leaderboard"]:
        low, high = row["interval"]["Accuracy"]
        (line,) = [line for line in said.out.splitlines() if f" {row['name']} " in line]
        assert f"{row['metrics']['Accuracy']:.4f} ±{(high - low) / 2:.4f}" in line
        assert ("≈" in line) == (row["rank"] != 1 and not row["is_separable"])
    assert "± 95% confidence interval of the mean over the folds" in said.out


def test_what_differs_from_pycaret_on_purpose_bears_a_mark_and_is_explained_once(shared, warm):
    source = warm.data.sample("wine")
    options = ["--target", "cultivar", "--include", "lr,ridge,nb", "--fold", "2", "--json"]
    compared = shared("run", "compare", "--data", source.name, *options).document
    board = {row["model"]: row for row in compared["leaderboard"]}
    assert board["lr"]["pycaret"] == board["ridge"]["pycaret"] == {"AUC": 0.0}
    assert board["nb"]["pycaret"] == {}
    lines = shared("run", "show", compared["run"]["id"]).out.splitlines()
    marked = {name: next(line for line in lines if f" {name} " in line) for name in ("Ridge Classifier", "Naive Bayes")}
    low, high = board["ridge"]["interval"]["AUC"]
    assert f" {board['ridge']['metrics']['AUC']:.4f} ±{(high - low) / 2:.4f}† " in marked["Ridge Classifier"]
    assert "†" not in marked["Naive Bayes"]
    (note,) = [line for line in lines if line.startswith("†")]
    order = [row["model"] for row in compared["leaderboard"] if row["pycaret"]]
    assert note == f"† AUC of {', '.join(order)}: PyCaret shows 0.0000: it counts 0 where its own scorer fails."


def test_why_a_value_is_not_there_stands_below_the_board(shared, warm):
    source = warm.data.sample("wine")
    blend = ["--target", "cultivar", "--include", "ridge,svm", "--fold", "2"]
    said = shared("run", "blend", "--data", source.name, *blend)
    assert said.code == 0
    assert "† AUC of blend: undefined: The model gives neither probabilities nor decision values." in said.out


def test_a_row_that_failed_says_why(shared, warm):
    said = shared(
        "run", "compare", "--data", warm.data.sample("breast_cancer").name, "--target", "diagnosis",
        "--include", "nb,gbc", "--fold", "3", "--model-timeout", "0.3",
    )  # fmt: skip
    (line,) = [line for line in said.out.splitlines() if "Gradient Boosting" in line]
    assert "timed out" in line
    assert "0.3 s" in said.out


def test_a_run_goes_on_from_another_one_with_options_of_its_plan(compared, shared, warm):
    before = compared.document["run"]["id"]
    options = ["--option", "n_iter=3", "--option", 'custom_grid={"max_depth": [2, 3, 4, 5]}']
    said = shared(
        "run", "tune", "--from-run", before[-8:], "--model", "dt", *options, "--set", "train_size=0.8", "--json"
    )
    assert (said.code, said.err) == (0, "")
    spec = said.document["run"]["spec"]
    assert (spec["folds"], spec["seed"], spec["setup"]) == (3, 7, {"normalize": True, "train_size": 0.8})
    assert (spec["from_run"], spec["options"]["n_iter"]) == (before, 3)
    board = said.document["leaderboard"]
    assert sorted(row["model"] for row in board) == ["dt", "dt:1", "dt:2", "dt:3"]
    shown = shared("run", "show", said.document["run"]["id"]).out
    for row in board:
        assert row["name"].removeprefix("Decision Tree Classifier · ") in shown

    best = shared("run", "blend", "--from-run", before[-8:], "--set", "normalize=none", "--json").document["run"]
    expected = [row["model"] for row in compared.document["leaderboard"]][:3]
    assert [base["model"] for base in best["spec"]["bases"]] == expected
    assert best["spec"]["setup"] == {}


def test_every_plan_has_its_command_which_names_the_plans_own_options(shared):
    for plan in PLANS.values():
        said = shared("run", plan.name, "--help")
        assert said.code == 0
        assert plan.about in said.out.lower()
        assert [option.name for option in plan.options if f"  {option.name}=" not in said.out] == []


def test_limits_reach_the_run(compared, shared):
    limits = [
        "--model-timeout",
        "60",
        "--run-timeout",
        "120",
        "--unit-memory",
        "2GiB",
        "--executor",
        "local",
        "--racing",
    ]
    said = shared("run", "compare", "--data", "shoppers", "--target", "buys", "--include", "nb", *limits, "--json")
    spec = said.document["run"]["spec"]
    assert (spec["model_timeout_s"], spec["run_timeout_s"], spec["unit_memory"]) == (60, 120, 2 * 2**30)
    assert (spec["executor"], spec["racing"]) == ("local", True)


def test_show_prints_the_document_that_compare_printed(compared, shared):
    said = shared("run", "show", compared.document["run"]["id"][-8:], "--json")
    assert said.document == compared.document


def test_list_shows_runs_newest_first(compared, shared, warm):
    said = shared("run", "list", "--json", "--limit", "1000")
    assert [run["id"] for run in said.document] == [run.id for run in warm.runs.list(limit=1000)]
    assert compared.document["run"] in said.document
    table = shared("run", "list", "--limit", "1").out
    assert [line.split()[0] for line in table.splitlines()] == ["run", said.document[0]["id"][-8:]]


def test_events_are_printed_as_lines_and_as_json(compared, shared, warm):
    run = warm.runs.get(compared.document["run"]["id"])
    whole = [event.as_dict() for event in run.log()]
    assert shared("run", "events", run.id, "--json").document == whole
    assert shared("run", "events", run.id, "--after", "5", "--json").document == whole[5:]
    lines = shared("run", "events", run.id, "--follow").out.splitlines()
    assert len(lines) == len(whole)
    assert "run.queued" in lines[0]
    assert "run.closed" in lines[-1]


def test_a_run_of_many_events_is_printed_whole(warm, shared):
    from workbench.runs import queue
    from workbench.runs.queue import SourceIdentity
    from workbench.runs.spec import Asked, make_spec
    from workbench.store.tables import EventRow

    iris = warm.data.sample("iris")
    spec = make_spec(Asked(plan="setup", task="classification", target="species"))
    identity = SourceIdentity(iris.id, iris.name, iris.sha256)
    run = queue.submit(warm._store, identity, spec, by="ada", snapshot={"rows": 150}, service_is_warm=True)
    warm.runs.get(run.id).wait(timeout_s=60)
    last = warm.runs.get(run.id).last_seq()
    row = {"run_id": run.id, "kind": "test.said", "message": "", "payload": {}}
    with warm._store.database.write() as session:
        session.execute(EventRow.__table__.insert(), [row | {"seq": last + number} for number in range(1, 5101)])
    assert len(shared("run", "events", run.id).out.splitlines()) == last + 5100


def test_no_wait_returns_at_once_and_cancel_ends_the_run(long, shared, warm):
    said = shared("run", "compare", "--data", "breast_cancer", *LONG, "--no-wait", "--json")
    long.append(said.document["run"]["id"])
    assert said.code == 0
    assert said.document["run"]["status"] in ("queued", "running")
    ended = shared("run", "cancel", long[0], "--json")
    assert (ended.code, ended.document["status"]) == (0, "cancelled")
    assert ended.document["error"].startswith(f"Cancelled by {warm.user}")
    again = shared("run", "cancel", long[0])
    assert (again.code, again.out) == (0, f"{long[0][-8:]}: cancelled\n")


def test_a_cancel_waits_for_a_service_that_takes_its_time(store, here, monkeypatch):
    from workbench.data.sources import Sources
    from workbench.runs import ending, queue
    from workbench.runs.queue import SourceIdentity
    from workbench.runs.spec import Asked, make_spec

    class Clock:
        """Takes no time, and has the service end the run after ten seconds of it."""

        now_s = 0.0

        def monotonic(self):
            return self.now_s

        def sleep(self, seconds):
            self.now_s += seconds
            if self.now_s > 10:
                ending.cancelled(store, run.id, by="ada")

    iris = Sources(store).sample("iris")
    spec = make_spec(Asked(plan="setup", task="classification", target="species"))
    identity = SourceIdentity(iris.id, iris.name, iris.sha256)
    run = queue.submit(store, identity, spec, by="ada", snapshot={"rows": 150}, service_is_warm=True)
    queue.claim(store, "slow:1", most=1)
    monkeypatch.setattr("workbench.run.lifecycle", SimpleNamespace(start=lambda _: None))
    monkeypatch.setattr("workbench.run.time", Clock())
    assert here(store.settings, "run", "cancel", run.id) == (0, f"{run.id[-8:]}: cancelled\n")


@pytest.fixture
def half_scored(shared, warm, eventually):
    """A run that was cancelled amid its folds, and not after them: it takes two seconds."""
    options = ["--target", "diagnosis", "--include", "nb,gbc", "--fold", "8", "--no-wait", "--json"]
    for _ in range(5):
        said = shared("run", "compare", "--data", warm.data.sample("breast_cancer").name, *options)
        run = warm.runs.get(said.document["run"]["id"])
        eventually(lambda run=run: sum(row.folds_scored for row in run.rows()) > 1)
        told = shared("run", "cancel", run.id).out
        if told == f"{run.id[-8:]}: cancelled\n" and any(None in row.folds["Accuracy"] for row in run.rows()):
            return run
    return pytest.fail("No cancel came in time.")


def test_a_cancelled_run_is_resumed_and_keeps_what_was_scored(half_scored, shared):
    run = half_scored
    scored = {row.model: row.folds["Accuracy"] for row in run.rows()}
    resumed = shared("run", "resume", run.id[-8:], "--model-timeout", "600", "--unit-memory", "2GiB", "--json")
    assert (resumed.code, resumed.document["run"]["status"]) == (0, "succeeded")
    spec = resumed.document["run"]["spec"]
    assert spec == run.record.spec | {"model_timeout_s": 600, "unit_memory": 2 * 2**30}
    assert resumed.document["run"]["id"] != run.id
    for row in resumed.document["leaderboard"]:
        assert row["status"] == "scored"
        kept = [value for value in scored[row["model"]] if value is not None]
        assert [
            value for value, old in zip(row["folds"]["Accuracy"], scored[row["model"]], strict=True) if old is not None
        ] == kept
    log = shared("run", "events", resumed.document["run"]["id"]).out
    assert f"run.resumed        goes on where run {run.id[-8:]} ended" in log


def test_an_interrupted_command_cancels_its_run(long, start, warm, eventually):
    known = {run.id for run in warm.runs.list(limit=1000)}
    process = start(warm.settings, "run", "compare", "--data", "breast_cancer", *LONG)
    new = eventually(lambda: [run for run in warm.runs.list() if run.id not in known])
    long.append(new[0].id)
    eventually(lambda: any(row.folds_scored for row in new[0].rows()))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "")
    assert new[0].wait(timeout_s=120).status == "cancelled"


@pytest.fixture
def interrupted(long, here, warm, monkeypatch):
    """Interrupt a command amid its submission; return its exit code, whether it went on, and the run that there is."""

    def interrupted(*arguments, times=1):
        def ring(_):
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
            went_on.append(True)

        went_on = []
        known = {run.id for run in warm.runs.list(limit=1000)}
        monkeypatch.setattr("workbench.launcher.bell", SimpleNamespace(ring=ring))
        code, _ = here(warm.settings, "run", *arguments)
        (run,) = [run for run in warm.runs.list() if run.id not in known]
        long.append(run.id)
        return code, bool(went_on), run

    return interrupted


@pytest.mark.parametrize("more", [[], ["--no-wait"]], ids=["waits", "does not wait"])
def test_a_command_that_is_interrupted_as_it_submits_cancels_its_run(interrupted, more):
    code, _, run = interrupted("compare", "--data", "breast_cancer", *LONG, *more)
    assert (code, run.wait(timeout_s=120).status) == (130, "cancelled")


def test_a_command_that_is_interrupted_as_it_resumes_cancels_the_new_run(interrupted, warm):
    before = warm.runs.submit(warm.data.get("breast_cancer"), target="diagnosis", include=["gbc"], folds=200)
    before.cancel()
    before.wait(timeout_s=120)
    code, _, run = interrupted("resume", before.id)
    assert (code, run.wait(timeout_s=120).status) == (130, "cancelled")


def test_the_file_of_a_run_that_is_interrupted_as_it_is_submitted_stays(interrupted, warm, tmp_path):
    path = tmp_path / "brought.csv"
    pd.DataFrame({"x": range(40), "y": [0, 1] * 20}).to_csv(path, index=False)
    _, _, run = interrupted("compare", "--data", path, "--target", "y", "--include", "dummy")
    assert warm.data.get("brought").id == run.record.source_id


def test_a_second_interrupt_does_not_wait_for_the_submission(interrupted):
    code, went_on, _ = interrupted("compare", "--data", "breast_cancer", *LONG, times=2)
    assert (code, went_on) == (130, False)


def test_a_reader_who_has_seen_enough_is_no_error(long, start, shared, warm):
    said = shared("run", "compare", "--data", "breast_cancer", *LONG, "--no-wait", "--json")
    long.append(said.document["run"]["id"])
    process = start(warm.settings, "run", "events", long[0], "--follow")
    assert "run.queued" in process.stdout.readline()
    process.stdout.close()
    warm.runs.get(long[0]).cancel()
    process.wait(60)
    assert process.stderr.read() == ""
    process.stderr.close()


def test_a_run_that_fails_exits_with_one_and_says_why(compared, shared):
    options = ["--set", "feature_selection=true", "--set", "feature_selection_estimator=what"]
    said = shared("run", "setup", "--data", "shoppers", "--target", "buys", *options)
    assert said.code == 1
    assert "failed" in said.out.splitlines()[0]
    assert "Set-up failed: ValueError" in said.out
    assert "Traceback" not in said.out + said.err


def test_a_table_in_latin_1_with_repeated_names_is_compared_on(shared, warm, tmp_path):
    text = "größe,größe,kauft\n" + "".join(f"{row},{row % 7},{'jä' if row % 2 else 'nein'}\n" for row in range(40))
    path = tmp_path / "latin.csv"
    path.write_bytes(text.encode("latin-1"))
    said = shared("run", "compare", "--data", path, "--target", "kauft", "--include", "nb", "--fold", "2", "--json")
    assert (said.code, said.document["run"]["status"]) == (0, "succeeded")
    with warm._store.database.read():
        assert warm.data.get("latin").column_names == ("größe", "größe.1", "kauft")


def test_a_refused_run_on_a_known_source_leaves_the_source(compared, shared, table, warm):
    before = warm.data.get("shoppers")
    shared("run", "compare", "--data", table, "--target", "nothing").refuses("no column 'nothing'")
    assert warm.data.get("shoppers") == before
