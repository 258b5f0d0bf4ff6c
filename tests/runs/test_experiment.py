"""Experiments: what runs are compared under, and who is best over all of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.auditing import Audit
from workbench.decoding import read
from workbench.errors import BadRequest, Forbidden, NotFound
from workbench.experiments import Experiments
from workbench.people.projects import Projects
from workbench.runs import ending
from workbench.runs.experiment import Contender, Experiment
from workbench.store.tables import RunRow


@pytest.fixture
def experiments(store) -> Experiments:
    return Experiments(store)


@pytest.fixture
def succeeded(store, started, score):
    """A run that has scored models: name → a value a fold."""

    def make(**scored: list[float | str | None]):
        run = started(tuple(scored))
        for model, outcomes in scored.items():
            score(run, model, *outcomes)
        with store.database.write() as session:
            session.get_one(RunRow, run.id).status = "succeeded"
        return run

    return make


def test_runs_of_the_same_request_are_of_one_experiment(experiments, submit, iris):
    submit(include=["lr"])
    submit(include=["dt"])
    submit(seed=7)
    newest, oldest = experiments.list()
    assert (oldest.run_count, newest.run_count) == (2, 1)
    assert (oldest.source_id, oldest.source_name, oldest.task, oldest.target) == (
        iris.id,
        "iris",
        "classification",
        "species",
    )
    assert experiments.get(oldest.id) == experiments.get(oldest.id[-8:]) == oldest


@pytest.mark.parametrize("reference", ["", "zzzz", "0" * 36, "a\0b"])
def test_an_experiment_that_is_not_there_is_not_found(experiments, submit, reference):
    submit()
    for act in (experiments.get, experiments.leaderboard, lambda ref: experiments.list(before=ref)):
        with pytest.raises(NotFound) as caught:
            act(reference)
        assert caught.value.code == "experiment.not_found"


def test_pages_have_every_experiment_once_newest_first(experiments, submit):
    for seed in range(5):
        submit(seed=seed)
    seen, before = [], None
    while page := experiments.list(limit=2, before=before):
        seen += page
        before = page[-1].id
    assert seen == experiments.list()
    assert [found.created_at for found in seen] == sorted((found.created_at for found in seen), reverse=True)
    assert len({found.id for found in seen}) == 5


def test_experiments_are_listed_by_project(store, experiments, submit):
    submit()
    Projects(store).create("spring")
    assert len(experiments.list("default")) == 1
    assert experiments.list("spring") == []
    with pytest.raises(NotFound) as caught:
        experiments.list("nowhere")
    assert caught.value.code == "project.not_found"


def test_an_experiment_is_renamed_and_it_is_told(store, experiments, submit):
    submit()
    (found,) = experiments.list()
    assert experiments.rename(found.id, " first try ").name == "first try"
    experiments.rename(found.id, "first try")
    assert [line.action for line in Audit(store).list(subject="experiment")] == ["experiment.renamed"]


@pytest.mark.parametrize("name", ["", "x" * 101, "a\nb", None])
def test_what_is_no_name_is_refused(experiments, submit, name):
    submit()
    with pytest.raises(BadRequest) as caught:
        experiments.rename(experiments.list()[0].id, name)
    assert caught.value.code == "experiment.name_invalid"


def test_models_of_all_runs_are_ranked_together(experiments, succeeded):
    first = succeeded(lr=[0.8, 0.9, 0.7], dt=[0.6, 0.6, 0.6])
    second = succeeded(knn=[0.7, 0.7, 0.7], lr=[0.95, 0.9, 0.9])
    (found,) = experiments.list()
    board = experiments.leaderboard(found.id)
    assert [(row.row.rank, row.run_id, row.row.model) for row in board] == [
        (1, second.id, "lr"),
        (2, first.id, "lr"),
        (3, second.id, "knn"),
        (4, first.id, "dt"),
    ]
    assert [row.run_id for row in experiments.leaderboard(found.id, limit=2)] == [second.id, first.id]


def test_of_equals_the_oldest_is_first(experiments, succeeded):
    runs = [succeeded(lr=[0.8, 0.8, 0.8]) for _ in range(3)]
    board = experiments.leaderboard(experiments.list()[0].id)
    assert [row.run_id for row in board] == [run.id for run in runs]


def test_whether_a_model_is_as_good_as_the_best_is_judged_over_all_runs(experiments, succeeded):
    succeeded(dt=[0.5, 0.51, 0.49])
    succeeded(lr=[0.9, 0.91, 0.89], knn=[0.9, 0.9, 0.9])
    board = {row.row.model: row.row.is_separable for row in experiments.leaderboard(experiments.list()[0].id)}
    assert sum(value is None for value in board.values()) == 1
    assert (board["dt"], {board["lr"], board["knn"]}) == (True, {None, False})


def test_what_is_not_scored_in_full_takes_no_part(experiments, succeeded):
    run = succeeded(lr=[0.8, 0.8, 0.8], dt=[0.99, "broken", 0.99], knn=[0.99])
    board = experiments.leaderboard(experiments.list()[0].id)
    assert [(row.run_id, row.row.model) for row in board] == [(run.id, "lr")]


def test_a_run_that_is_deleted_is_neither_counted_nor_ranked(store, experiments, succeeded):
    kept, gone = succeeded(lr=[0.8, 0.8, 0.8]), succeeded(lr=[0.9, 0.9, 0.9])
    ending.delete(store, gone.id, by="ada")
    (found,) = experiments.list()
    assert (found.run_count, [row.run_id for row in experiments.leaderboard(found.id)]) == (1, [kept.id])


def test_they_are_rebuilt_from_plain_data(experiments, succeeded):
    succeeded(lr=[0.8, 0.9, 0.7])
    (found,) = experiments.list()
    (row,) = experiments.leaderboard(found.id)
    assert read(Experiment, json.loads(json.dumps(found.as_dict()))) == found
    assert read(Contender, json.loads(json.dumps(row.as_dict()))) == row


def test_a_viewer_looks_and_renames_nothing(store, submit):
    submit()
    bob = Experiments(store.on_behalf_of(Actor("bob", Role.VIEWER)))
    (found,) = bob.list()
    assert bob.leaderboard(found.id) == []
    with pytest.raises(Forbidden):
        bob.rename(found.id, "mine")


def test_experiments_of_another_workspace_are_not_there(store, experiments, submit):
    submit()
    (found,) = experiments.list()
    elsewhere = Experiments(replace(store, workspace_id="another"))
    assert elsewhere.list() == []
    with pytest.raises(NotFound):
        elsewhere.get(found.id)
