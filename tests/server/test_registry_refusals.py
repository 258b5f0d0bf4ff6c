"""Pipelines, aliases and promotions over the wire of a real service: every refusal, and the gates up to their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.calling import PIPELINE, Answer, refuses
from workbench.store.artifacts import Key

ROW = {"sepal_length_cm": 5.1, "sepal_width_cm": 3.5, "petal_length_cm": 6.0, "petal_width_cm": 2.2}


@pytest.fixture(scope="module")
def others(warm) -> dict[str, Any]:
    """Runs of the same table that do other things."""
    iris = warm.data.sample("iris")
    asked = {
        "setup": {"target": "species", "plan": "setup"},
        "regression": {
            "task": "regression",
            "target": "petal_width_cm",
            "plan": "create",
            "model": "dummy",
            "folds": 2,
        },
        "fewer": {
            "target": "species",
            "plan": "create",
            "model": "nb",
            "folds": 2,
            "setup": {"ignore_features": ["sepal_width_cm"]},
        },
        "hclust": {"task": "clustering", "plan": "create", "model": "hclust"},
    }
    runs = {name: warm.runs.submit(iris, seed=1, **how) for name, how in asked.items()}
    for run in runs.values():
        assert run.wait(timeout_s=60).status == "succeeded", run.record.error
    return runs


@pytest.fixture(scope="module")
def regression(warm, others) -> str:
    return warm.registry.promote(others["regression"]).id


@pytest.fixture(scope="module")
def fewer(warm, others) -> str:
    """A pipeline that predicts the same thing from fewer columns."""
    return warm.registry.promote(others["fewer"]).id


@pytest.fixture(scope="module")
def groups(warm, others) -> str:
    """A pipeline that knows no rows but those that it was fitted on."""
    return warm.registry.promote(others["hclust"]).id


@pytest.fixture
def alias(owner, request) -> Iterator[str]:
    """A name that none was moved under before."""
    name = f"of-{request.node.name[5:85]}".replace("_", "-")
    yield name
    owner.ask("DELETE", f"/aliases/{name}")


@pytest.fixture
def propose(owner, alias, trained, eventually) -> Callable[[], str]:
    """Have the one that always says the same challenge the other; return the promotion's path once it waits."""

    def propose() -> str:
        assert owner.ask("PUT", f"/aliases/{alias}", {"pipeline": trained["nb"]}).status == 200
        asked = owner.ask("POST", "/promotions", {"challenger": trained["dummy"], "alias": alias, "metric": "Accuracy"})
        assert asked.status == 202
        path = f"/promotions/{asked.body['id']}"
        eventually(lambda: owner.ask("GET", path).body["status"] == "waiting")
        return path

    return propose


def named(owner, alias: str) -> str:
    return owner.ask("GET", f"/aliases/{alias}").body["pipeline_id"]


def test_what_fits_no_model_has_no_pipeline(owner, others):
    refuses(
        owner.ask("POST", "/pipelines", {"run": others["setup"].id}), 409, "run.no_pipeline", run_id=others["setup"].id
    )


@pytest.mark.parametrize("name", ["", " ", "-a", "a/b", "x" * 101])
def test_a_pipeline_cannot_have_any_name(owner, others, name):
    refused = owner.ask("POST", "/pipelines", {"run": others["regression"].id, "name": name})
    refuses(refused, 400, "pipeline.name_invalid")


def test_a_pipelines_name_is_had_once(owner, warm, others, trained):
    name = warm.registry.get(trained["nb"]).name
    refuses(owner.ask("POST", "/pipelines", {"run": others["regression"].id, "name": name}), 409, "pipeline.name_taken")


def test_what_an_alias_or_a_deployment_needs_is_not_deleted(owner, warm, others, alias):
    made = owner.ask("POST", "/pipelines", {"run": others["regression"].id, "name": "needed"}).body["id"]
    owner.ask("PUT", f"/aliases/{alias}", {"pipeline": made})
    refuses(owner.ask("DELETE", f"/pipelines/{made}"), 409, "pipeline.in_use")
    owner.ask("DELETE", f"/aliases/{alias}")
    owner.ask("POST", "/deployments", {"pipeline": made, "slug": "of-needed"})
    refuses(owner.ask("DELETE", f"/pipelines/{made}"), 409, "pipeline.in_use")
    owner.ask("DELETE", "/deployments/of-needed")
    assert owner.ask("GET", f"/pipelines/{made}").body["sha256"] == warm.registry.get(made).sha256


@pytest.mark.parametrize("name", ["A", "-a", "x" * 101, "a b"])
def test_an_alias_cannot_have_any_name(owner, trained, name):
    path = f"/aliases/{name.replace(' ', '%20')}"
    refuses(owner.ask("PUT", path, {"pipeline": trained["nb"]}), 400, "alias.invalid")


def test_an_alias_that_named_one_pipeline_only_cannot_go_back(owner, alias, trained):
    owner.ask("PUT", f"/aliases/{alias}", {"pipeline": trained["nb"]})
    refuses(owner.ask("POST", f"/aliases/{alias}/rollback", {}), 409, "alias.no_history")


def test_who_is_the_champion_is_not_challenged_by_itself(owner, alias, trained):
    owner.ask("PUT", f"/aliases/{alias}", {"pipeline": trained["nb"]})
    refuses(owner.ask("POST", "/promotions", {"challenger": trained["nb"], "alias": alias}), 409, "promotion.needless")


def test_what_predicts_something_else_is_no_challenger(owner, alias, trained, regression):
    owner.ask("PUT", f"/aliases/{alias}", {"pipeline": trained["nb"]})
    asked = {"challenger": regression, "alias": alias}
    refuses(owner.ask("POST", "/promotions", asked), 409, "promotion.not_comparable")


def test_a_worse_challenger_takes_over_only_with_a_persons_name_on_it(owner, alias, trained, propose):
    path = propose()
    refuses(owner.ask("POST", f"{path}/complete"), 409, "promotion.gate_open", gates=["metric"])
    assert named(owner, alias) == trained["nb"]

    def acknowledge(gate: str, by: str) -> Answer:
        return owner.ask("POST", f"{path}/acknowledge", {"gate": gate, "by": by})

    refuses(acknowledge("metric", " "), 400, "promotion.person_missing")
    refuses(acknowledge("colour", "Ana"), 400, "promotion.gate_invalid")
    refuses(acknowledge("schema", "Ana"), 409, "promotion.gate_invalid")
    assert acknowledge("metric", "Ana").body["open_gates"] == []
    assert owner.ask("POST", f"{path}/complete").body["status"] == "promoted"
    assert named(owner, alias) == trained["dummy"]
    for again in (owner.ask("POST", f"{path}/complete"), acknowledge("metric", "Ana")):
        refuses(again, 409, "promotion.wrong_state", state="promoted")


def test_a_comparison_with_a_champion_that_was_replaced_counts_no_more(owner, alias, trained, propose):
    path = propose()
    owner.ask("POST", f"{path}/acknowledge", {"gate": "metric", "by": "Ana"})
    owner.ask("DELETE", f"/aliases/{alias}")
    refuses(owner.ask("POST", f"{path}/complete"), 409, "promotion.alias_moved")
    assert owner.ask("POST", f"{path}/cancel").body["acknowledgements"] == []


def test_bytes_that_were_changed_are_not_promoted_whoever_signs(owner, warm, alias, others):
    made = owner.ask("POST", "/pipelines", {"run": others["regression"].id, "name": "changed"}).body["id"]
    promotion = owner.ask("POST", "/promotions", {"challenger": made, "alias": alias}).body
    path = Path(warm._store.artifacts.url) / str(Key("pipelines", made, "pipeline.pkl"))
    path.write_bytes(path.read_bytes() + b"!")
    refuses(owner.ask("POST", f"/promotions/{promotion['id']}/complete"), 500, "artifact.hash_mismatch")
    told = owner.ask("GET", f"/promotions/{promotion['id']}").body
    assert told["status"] == "refused"
    acknowledged = owner.ask("POST", f"/promotions/{promotion['id']}/acknowledge", {"gate": "artifact", "by": "Ana"})
    refuses(acknowledged, 409, "promotion.wrong_state", state="refused")
    refuses(owner.ask("GET", f"/aliases/{alias}"), 404, "alias.not_found")


def test_what_takes_no_new_rows_is_not_deployed(owner, groups):
    refused = owner.ask("POST", "/deployments", {"pipeline": groups, "slug": "of-groups"})
    refuses(refused, 409, "deployment.step_failed", step="warm")
    refuses(owner.ask("GET", "/deployments/of-groups"), 404, "deployment.not_found")


def test_where_the_deployment_that_follows_cannot_go_along_the_alias_goes_back_and_it_answers_on(
    owner, warm, alias, trained, groups
):
    owner.ask("POST", "/deployments", {"pipeline": trained["nb"], "slug": "of-champion"})
    warm.deployments.get("of-champion").follow(alias)
    promotion = owner.ask("POST", "/promotions", {"challenger": groups, "alias": alias}).body
    refused = owner.ask("POST", f"/promotions/{promotion['id']}/complete")
    refuses(refused, 500, "promotion.failed", not_put_back=[])
    assert owner.ask("GET", f"/promotions/{promotion['id']}").body["status"] == "failed"
    refuses(owner.ask("GET", f"/aliases/{alias}"), 404, "alias.not_found")
    answer = owner.predict("of-champion", {"rows": [ROW]})
    assert (answer.status, answer.headers[PIPELINE]) == (200, trained["nb"])
    owner.ask("DELETE", "/deployments/of-champion")


def test_other_columns_are_not_swapped_in_behind_callers_backs(owner, trained, fewer):
    owner.ask("POST", "/deployments", {"pipeline": trained["nb"], "slug": "of-columns"})
    refused = owner.ask("POST", "/deployments/of-columns/swap", {"pipeline": fewer})
    refuses(refused, 409, "deployment.other_columns")
    assert owner.predict("of-columns", {"rows": [ROW]}).headers[PIPELINE] == trained["nb"]
    owner.ask("DELETE", "/deployments/of-columns")


@pytest.mark.parametrize("step", ["swap", "shadow"])
def test_what_predicts_something_else_takes_no_deployments_place(owner, trained, regression, step):
    owner.ask("POST", "/deployments", {"pipeline": trained["nb"], "slug": "of-another"})
    refused = owner.ask("POST", f"/deployments/of-another/{step}", {"pipeline": regression})
    refuses(refused, 409, "deployment.not_comparable")
    assert owner.predict("of-another", {"rows": [ROW]}).headers[PIPELINE] == trained["nb"]
    owner.ask("DELETE", "/deployments/of-another")
