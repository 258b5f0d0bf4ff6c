"""Completing a promotion while deployments follow: no thread is held meanwhile, and whatever ends it all goes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta

import pytest
from anyio import CapacityLimiter

from workbench.access.actor import owner
from workbench.errors import Conflict, EngineFault
from workbench.registrar import SafePromotions
from workbench.registry import takeover
from workbench.registry.promotion import Promotion
from workbench.server.work import Desk, Work
from workbench.service.lifecycle import ServiceLock
from workbench.serving import deployments
from workbench.serving.deployment import DeploymentId, DeploymentRecord
from workbench.store.tables import PromotionRow

PATIENCE_S = 60.0


@pytest.fixture
def no_service(settings) -> Iterator[None]:
    """Keeps a service from being started: the tests stand for it."""
    lock = ServiceLock(settings)
    assert lock.hold()
    yield
    lock.release()


@pytest.fixture
def safe(store, no_service) -> SafePromotions:
    return SafePromotions(store.on_behalf_of(owner("ada")))


@pytest.fixture
def serve(store, champion) -> Callable[..., DeploymentRecord]:
    """Have a deployment that answers, and that follows an alias."""

    def serve(slug: str, alias: str = "champion") -> DeploymentRecord:
        made = deployments.create(store, slug, champion.id, by="ada", alias=alias)
        deployments.warm(store, made.id, by="ada")
        deployments.became_ready(store, made.id, by="service")
        return deployments.get(store, slug)

    return serve


@pytest.fixture
def stands(store) -> Callable[[str], tuple[str, str | None, str | None]]:
    def stands(slug: str) -> tuple[str, str | None, str | None]:
        record = deployments.get(store, slug)
        return record.pipeline_id, record.next_pipeline_id, record.previous_pipeline_id

    return stands


@pytest.fixture
def swap(store) -> Callable[[str, str], Awaitable[None]]:
    """Let a pipeline answer once that is asked for, as the service does."""

    async def swap(slug: str, pipeline_id: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while (record := deployments.get(store, slug)).next_pipeline_id != pipeline_id:
                await asyncio.sleep(0.01)
        assert deployments.swapped(store, DeploymentId(record.id), pipeline_id, by="service")

    return swap


def at_one_thread() -> Desk:
    work = Work()
    work.step_threads = CapacityLimiter(1)
    return Desk(work, "ada")


def test_any_number_waits_for_its_deployments_without_a_thread(
    store, safe, serve, swap, stands, promotions, aliases, champion, challenger, proposed, evaluate
):
    aliases.set("other", champion)
    going: list[Promotion] = [proposed(), evaluate(promotions.propose(challenger, "other"))]
    serve("one"), serve("two", "other")

    async def completed() -> list[Promotion]:
        desk = at_one_thread()
        tasks = [asyncio.create_task(desk.wait(safe.complete, each)) for each in going]
        # Each of them waits when both have been asked for, and there is one thread.
        async with asyncio.timeout(PATIENCE_S):
            while not all(stands(slug)[1] == challenger.id for slug in ("one", "two")):
                await asyncio.sleep(0.01)
        assert not any(task.done() for task in tasks)
        for slug in ("one", "two"):
            await swap(slug, challenger.id)
        return await asyncio.gather(*tasks)

    assert [found.status for found in asyncio.run(completed())] == ["promoted", "promoted"]
    assert stands("one") == stands("two") == (challenger.id, None, champion.id)


def test_one_that_fails_goes_back_step_by_step(
    store, safe, serve, swap, stands, aliases, champion, challenger, proposed
):
    promotion = proposed()
    fails, goes_along = serve("older"), serve("newer")
    before = stands("newer")

    async def completed() -> Promotion:
        task = asyncio.create_task(at_one_thread().wait(safe.complete, promotion))
        await swap(goes_along.slug, challenger.id)
        async with asyncio.timeout(PATIENCE_S):
            while stands(fails.slug)[1] is None:
                await asyncio.sleep(0.01)
        deployments.not_swapped(store, fails.id, challenger.id, by="service", why="it cannot be loaded")
        await swap(goes_along.slug, champion.id)
        return await task

    with pytest.raises(EngineFault, match="it cannot be loaded") as caught:
        asyncio.run(completed())
    assert caught.value.about["not_put_back"] == []
    assert stands("newer") == before
    assert aliases.get("champion").pipeline_name == "old"


def test_one_that_somebody_is_at_is_not_taken_for_left_behind(
    store, safe, serve, swap, stands, champion, challenger, proposed, monkeypatch
):
    # It is said again after a third of it.
    monkeypatch.setattr(takeover, "LEASE", timedelta(seconds=6))
    promotion = proposed()
    last, first = serve("older"), serve("newer")

    def until() -> datetime | None:
        with store.database.read() as session:
            return session.get_one(PromotionRow, promotion.id).completing_until

    async def completed() -> Promotion:
        task = asyncio.create_task(at_one_thread().wait(safe.complete, promotion))
        await swap(first.slug, challenger.id)
        said = until()
        async with asyncio.timeout(PATIENCE_S):
            while until() == said or stands(last.slug)[1] is None:
                await asyncio.sleep(0.01)
        deployments.not_swapped(store, last.id, challenger.id, by="service", why="it cannot be loaded")
        # Between two followers another one comes, who finds the last of them not gone along.
        with pytest.raises(Conflict) as refused:
            await asyncio.to_thread(safe.complete, promotion)
        assert refused.value.code == "promotion.wrong_state"
        await swap(first.slug, champion.id)
        return await task

    with pytest.raises(EngineFault, match="it cannot be loaded"):
        asyncio.run(completed())
    assert stands("older")[0] == stands("newer")[0] == champion.id
    assert not takeover.is_being_completed(store, promotion)


def test_one_whose_request_ends_goes_back_step_by_step(
    safe, serve, swap, stands, promotions, aliases, champion, challenger, proposed
):
    promotion = proposed()
    waits, goes_along = serve("older"), serve("newer")
    before = stands("older"), stands("newer")

    async def given_up() -> None:
        task = asyncio.create_task(at_one_thread().wait(safe.complete, promotion))
        await swap(goes_along.slug, challenger.id)
        async with asyncio.timeout(PATIENCE_S):
            while stands(waits.slug)[1] is None:
                await asyncio.sleep(0.01)
        task.cancel()
        await swap(goes_along.slug, champion.id)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(given_up())
    assert (stands("older"), stands("newer")) == before
    assert aliases.get("champion").pipeline_name == "old"
    ended = promotions.get(promotion)
    assert (ended.status, ended.error) == ("failed", "GivenUp: The request ended before.")
