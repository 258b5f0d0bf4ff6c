"""``workbench experiment …``"""

from __future__ import annotations

import pytest

MODELS = ["nb", "dt", "lda"]
PROJECT = "cultivars"


@pytest.fixture(scope="module")
def compared(warm):
    """The runs of one experiment, oldest first: the same set-up, other models."""
    warm.projects.create(PROJECT)
    there = warm.within(project=PROJECT)
    source = there.data.sample("wine")
    asked = {"target": "cultivar", "folds": 2}
    runs = [there.runs.submit(source, include=models, **asked) for models in (MODELS[:2], MODELS[2:])]
    assert [run.wait(240).status for run in runs] == ["succeeded", "succeeded"]
    return runs


@pytest.fixture(scope="module")
def experiment(warm, compared):
    """The experiment that the runs are compared under."""
    (found,) = warm.experiments.list(PROJECT)
    return found


def test_where_nothing_ran_there_is_no_experiment(fresh):
    assert fresh("experiment", "list").out == "no experiments yet: one is begun with the first run\n"
    assert fresh("experiment", "list", "--json").document == []


def test_experiments_are_listed_with_what_they_are_about(shared, experiment):
    (line,) = [line for line in shared("experiment", "list").out.splitlines() if line.startswith(experiment.id[-8:])]
    assert all(word in line for word in ("wine", "classification", "cultivar", " 2 "))
    assert shared("experiment", "list", "--project", PROJECT, "--json").document == [experiment.as_dict()]


def test_only_those_of_a_project_are_listed(shared, warm):
    warm.projects.create("no-experiments")
    assert shared("experiment", "list", "--project", "no-experiments", "--json").document == []
    shared("experiment", "list", "--project", "nowhere").refuses("There is no project 'nowhere'")


def test_an_experiment_is_shown_with_what_its_runs_have_in_common(shared, experiment):
    assert shared("experiment", "show", experiment.id[-8:], "--json").document == experiment.as_dict()
    said = shared("experiment", "show", experiment.id)
    told = dict(line.strip().split(maxsplit=1) for line in said.out.splitlines())
    assert (told["experiment"], told["project"], told["target"]) == (experiment.id, PROJECT, "cultivar")
    assert (told["runs"], told["set-up"]) == ("2", "as PyCaret has it")


def test_models_of_all_its_runs_are_ranked_together(shared, compared, experiment):
    board = shared("experiment", "leaderboard", experiment.id, "--json").document
    assert [row["rank"] for row in board] == [1, 2, 3]
    assert {(row["run_id"], row["model"]) for row in board} == {
        (run.id, row.model) for run in compared for row in run.rows()
    }
    best = [row["metrics"]["Accuracy"] for row in board]
    assert best == sorted(best, reverse=True)


def test_the_board_is_laid_out_by_the_metric_that_ranks(shared, compared, experiment):
    said = shared("experiment", "leaderboard", experiment.id, "-n", "2")
    head, *lines = said.out.splitlines()
    assert head.split() == ["#", "model", "Accuracy", "run", "plan"]
    assert [line.split()[0] for line in lines[:2]] == ["1", "2"]
    assert {run.id[-8:] for run in compared} >= {line.split()[-2] for line in lines[:2]}
    assert lines[-1] == "± 95% confidence interval of the mean over the folds"


def test_an_experiment_is_called_something_else(shared, warm, experiment):
    said = shared("experiment", "rename", experiment.id, "cultivars, first look")
    assert said.out == f"{experiment.id[-8:]}: cultivars, first look\n"
    assert warm.experiments.get(experiment.id).name == "cultivars, first look"
    again = shared("experiment", "rename", experiment.id, experiment.name, "--json").document
    assert again == experiment.as_dict()
    shared("experiment", "rename", experiment.id, " ").refuses("An experiment cannot be called ' '.")


@pytest.mark.parametrize("command", ["show", "leaderboard"])
def test_an_experiment_that_is_not_there_is_said(fresh, command):
    fresh("experiment", command, "0000beef").refuses("There is no experiment '0000beef'.")
