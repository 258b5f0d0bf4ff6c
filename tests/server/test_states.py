"""The states of a deployment, asked over the wire of a real service: what each of them answers and allows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.server.calling import PIPELINE, Caller, refuses
from tests.server.conftest import TOKEN, listening
from workbench.server.app import make_app
from workbench.serving import deployments
from workbench.settings import Settings
from workbench.store.artifacts import Key
from workbench.workbench import connect

ROW = {"sepal_length_cm": 5.1, "sepal_width_cm": 3.5, "petal_length_cm": 6.0, "petal_width_cm": 2.2}
ASKED = {"rows": [ROW]}
LONGEST = "s" * 64


@pytest.fixture
def now(owner) -> Callable[[str], dict[str, Any]]:
    """Tell how a deployment stands."""
    return lambda slug: owner.ask("GET", f"/deployments/{slug}").body


@pytest.fixture
def created(warm, owner, trained) -> Iterator[str]:
    """The slug of a deployment that was created and not warmed."""
    made = deployments.create(warm._store, "of-states", trained["nb"], by="ana")
    yield made.slug
    owner.ask("DELETE", f"/deployments/{made.slug}")


@pytest.fixture(scope="module")
def ready(owner, trained) -> Iterator[str]:
    """The slug of a deployment that answers; it is as long as a slug may be."""
    made = owner.ask("POST", "/deployments", {"pipeline": trained["nb"], "slug": LONGEST})
    assert (made.status, made.body["status"]) == (201, "ready")
    yield LONGEST
    owner.ask("DELETE", f"/deployments/{LONGEST}")


@pytest.fixture
def tampered(warm, owner, trained) -> Iterator[Path]:
    """The file of a pipeline of that name, whose bytes are not what was promoted."""
    asked = {"run": warm.registry.get(trained["nb"]).run_id, "name": "tampered"}
    made = owner.ask("POST", "/pipelines", asked).body
    path = Path(warm._store.artifacts.url) / str(Key("pipelines", made["id"], "pipeline.pkl"))
    path.write_bytes(path.read_bytes() + b"!")
    yield path
    owner.ask("DELETE", "/pipelines/tampered")


@contextmanager
def storage_away(warm) -> Iterator[None]:
    """Take the artifacts away, so that nothing that warms gets any further."""
    url = Path(warm._store.artifacts.url)
    url.rename(url.with_name("away"))
    try:
        yield
    finally:
        url.with_name("away").rename(url)


def test_what_is_created_answers_nobody_until_it_is_warmed(owner, now, created, eventually):
    told = now(created)
    assert (told["status"], told["request_count"], told["p50_ms"], told["p95_ms"]) == ("created", 0, None, None)
    refuses(owner.predict(created, ASKED), 409, "deployment.not_ready", state="created")
    assert owner.ask("POST", f"/deployments/{created}/warm").status == 200
    eventually(lambda: now(created)["status"] == "ready")
    assert owner.predict(created, ASKED).body["predictions"][0]["prediction"] == "virginica"
    told = eventually(lambda: (told := now(created))["request_count"] == 2 and told)
    assert (told["row_count"], told["error_count"]) == (1, 1)
    assert 0 < told["p50_ms"] <= told["p95_ms"]
    minutes = owner.ask("GET", f"/deployments/{created}/traffic").body
    assert sum(minute["requests"] for minute in minutes) == 2
    assert all(minutes[-1]["p50_ms"][stage] > 0 for stage in ("parse", "validate", "predict", "total"))


def test_what_is_warming_answers_nobody_and_is_not_warmed_twice(warm, owner, now, created, eventually):
    with storage_away(warm):
        assert owner.ask("POST", f"/deployments/{created}/warm").body["status"] == "warming"
        refuses(owner.predict(created, ASKED), 409, "deployment.not_ready", state="warming")
        refuses(owner.ask("POST", f"/deployments/{created}/warm"), 409, "deployment.wrong_state", state="warming")
    eventually(lambda: now(created)["status"] == "ready")


def test_what_is_stopped_answers_nobody_and_answers_again_once_it_is_warmed(owner, now, ready, eventually):
    refuses(owner.ask("POST", f"/deployments/{ready}/warm"), 409, "deployment.wrong_state", state="ready")
    assert owner.ask("POST", f"/deployments/{ready}/stop").body["status"] == "stopped"
    refuses(owner.predict(ready, ASKED), 409, "deployment.not_ready", state="stopped")
    refuses(owner.ask("POST", f"/deployments/{ready}/stop"), 409, "deployment.wrong_state", state="stopped")
    assert owner.ask("POST", f"/deployments/{ready}/warm").status == 200
    eventually(lambda: now(ready)["status"] == "ready")
    assert owner.predict(ready, ASKED).status == 200
    told = [line["action"] for line in reversed(owner.ask("GET", f"/deployments/{ready}/history").body)]
    steps = ["created", "warming", "ready", "stopped", "warming", "ready"]
    assert told == [f"deployment.{step}" for step in steps]


def test_bytes_that_were_changed_fail_it_unloaded_and_it_answers_once_they_are_put_right(
    warm, owner, now, tampered, eventually
):
    pipeline = warm.registry.get("tampered")
    slug = deployments.create(warm._store, "of-tampered", pipeline.id, by="ana").slug
    owner.ask("POST", f"/deployments/{slug}/warm")
    told = eventually(lambda: (told := now(slug))["status"] == "failed" and told)
    assert "SHA-256" in told["error"]
    refused = owner.predict(slug, ASKED)
    refuses(refused, 409, "deployment.not_ready", state="failed")
    assert "SHA-256" in refused.body["detail"]
    assert [one.status for one in warm.deployments.get(slug).predictors()] == ["failed"]
    assert any(line.action == "pipeline.hash_mismatch" for line in warm.audit.list(subject_id=pipeline.id))
    tampered.write_bytes(tampered.read_bytes()[:-1])
    assert owner.ask("POST", f"/deployments/{slug}/warm").status == 200
    eventually(lambda: now(slug)["status"] == "ready")
    assert owner.predict(slug, ASKED).status == 200
    told = [line["action"] for line in reversed(owner.ask("GET", f"/deployments/{slug}/history").body)]
    assert told == [f"deployment.{step}" for step in ("created", "warming", "failed", "warming", "ready")]
    assert owner.ask("DELETE", f"/deployments/{slug}").status == 204


def test_a_step_that_fails_is_named_and_nothing_is_left_of_the_deployment(owner, tampered):
    refused = owner.ask("POST", "/deployments", {"pipeline": "tampered", "slug": "of-nothing"})
    refuses(refused, 409, "deployment.step_failed", step="warm")
    assert "SHA-256" in refused.body["detail"]
    refuses(owner.ask("GET", "/deployments/of-nothing"), 404, "deployment.not_found")


def test_a_pipeline_that_cannot_be_loaded_is_not_swapped_in_and_the_old_one_goes_on(
    owner, now, ready, trained, tampered
):
    refused = owner.ask("POST", f"/deployments/{ready}/swap", {"pipeline": "tampered"})
    refuses(refused, 409, "deployment.step_failed", state="ready")
    told = now(ready)
    assert (told["status"], told["pipeline_id"], told["next_pipeline_id"]) == ("ready", trained["nb"], None)
    assert owner.predict(ready, ASKED).headers[PIPELINE] == trained["nb"]


def test_a_shadow_that_cannot_be_loaded_is_given_up_and_told_of(owner, now, ready, tampered, eventually):
    assert owner.ask("POST", f"/deployments/{ready}/shadow", {"pipeline": "tampered"}).status == 200
    told = eventually(lambda: (told := now(ready))["shadow_pipeline_id"] is None and told)
    assert "in the shadow" in told["error"]
    assert owner.predict(ready, ASKED).status == 200


def test_one_pipeline_is_swapped_in_at_a_time(warm, owner, now, ready, trained, eventually):
    with storage_away(warm):
        warm.deployments.get(ready).swap(trained["dummy"], wait=False)
        again = owner.ask("POST", f"/deployments/{ready}/swap", {"pipeline": trained["dummy"]})
        refuses(again, 409, "deployment.wrong_state", state="ready")
        assert owner.predict(ready, ASKED).headers[PIPELINE] == trained["nb"]
    eventually(lambda: now(ready)["pipeline_id"] == trained["dummy"])
    assert owner.ask("POST", f"/deployments/{ready}/rollback").body["pipeline_id"] == trained["nb"]


def test_what_served_one_pipeline_only_cannot_go_back(owner, created):
    refuses(owner.ask("POST", f"/deployments/{created}/rollback"), 409, "deployment.wrong_state", state="created")


def test_what_is_deleted_is_gone_and_its_slug_is_free(warm, owner, trained, created):
    assert owner.ask("DELETE", f"/deployments/{created}").status == 204
    for answer in (owner.predict(created, ASKED), owner.ask("DELETE", f"/deployments/{created}")):
        refuses(answer, 404, "deployment.not_found")
    assert deployments.create(warm._store, created, trained["nb"], by="ana").slug == created


@pytest.mark.parametrize("slug", ["ab", "s" * 65, "-abc", "abc-", "a_bc", "äbc", "Abc", "", "a/b"])
def test_any_other_slug_than_the_contracts_is_refused(owner, trained, slug):
    refused = owner.ask("POST", "/deployments", {"pipeline": trained["nb"], "slug": slug})
    refuses(refused, 400, "deployment.slug_invalid")


def test_a_slug_that_is_taken_is_refused(owner, trained, created):
    refuses(
        owner.ask("POST", "/deployments", {"pipeline": trained["nb"], "slug": created}), 409, "deployment.slug_taken"
    )


@pytest.mark.parametrize("access", ["key", "everybody", ""])
def test_access_that_cannot_be_had_is_refused(owner, trained, access):
    asked = {"pipeline": trained["nb"], "slug": "of-keys", "access": access}
    refuses(owner.ask("POST", "/deployments", asked), 400, "deployment.access_invalid")
    refuses(owner.ask("GET", "/deployments/of-keys"), 404, "deployment.not_found")


@pytest.fixture
def beside(warm, eventually) -> Iterator[Callable[..., int]]:
    """Serve the warm home's API from this process too, with settings changed, over the same predictors."""
    with ExitStack() as ends:

        def serve(**changed: Any) -> int:
            opened = connect(Settings(**(warm.settings.model_dump() | changed)))
            ends.callback(opened.close)
            return ends.enter_context(listening(make_app(opened, TOKEN), opened.settings, eventually))

        yield serve


@pytest.fixture
def stopped(warm, ready, eventually) -> Iterator[psutil.Process]:
    """The process that answers, made to stand still."""

    def alone() -> int | None:
        told = warm.deployments.get(ready).predictors()
        live = [one.process_id for one in told if one.status == "ready" and one.role == "live"]
        return live[0] if len(live) == 1 else None

    # One that was swapped out is still there until the service looks again.
    process = psutil.Process(eventually(alone))
    process.suspend()
    yield process
    if process.is_running():
        process.resume()


def test_more_than_may_wait_are_told_to_come_again_and_those_who_wait_are_answered(beside, ready, stopped, eventually):
    port, heard = beside(predict_queue=1), []

    def ask() -> None:
        caller = Caller(port, TOKEN)
        heard.append(caller.predict(ready, ASKED))
        caller.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    # Two are under way to the predictor and one waits.
    eventually(lambda: len(heard) == 5)
    for answer in heard:
        refuses(answer, 429, "deployment.busy")
        assert int(answer.headers["Retry-After"]) == answer.body["retry_after_s"] >= 1
    stopped.resume()
    for thread in threads:
        thread.join(30)
    assert [answer.status for answer in heard[5:]] == [200] * 3


def test_a_predictor_that_stands_still_is_replaced_and_whoever_waited_is_told_to_come_again(
    beside, ready, stopped, eventually
):
    # The next one is asked for as long: too little of it, and that too would be taken to stand still.
    caller = Caller(beside(predict_timeout_s=2.0), TOKEN)
    refused = caller.predict(ready, ASKED)
    refuses(refused, 503, "deployment.unavailable")
    assert refused.headers["Retry-After"] == "1"
    eventually(lambda: caller.predict(ready, ASKED).status == 200)
    assert not stopped.is_running() or stopped.status() == psutil.STATUS_ZOMBIE
    caller.close()
