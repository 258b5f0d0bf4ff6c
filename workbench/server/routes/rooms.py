"""The routers of all resources."""

from __future__ import annotations

from fastapi import APIRouter

from workbench.server.routes import (
    advices,
    aliases,
    audit,
    batches,
    data_sources,
    deployments,
    events,
    experiments,
    keys,
    me,
    members,
    pipelines,
    projects,
    promotions,
    runs,
    workspaces,
)

ROUTERS: tuple[APIRouter, ...] = tuple(
    room.router
    for room in (
        me,
        workspaces,
        members,
        projects,
        experiments,
        data_sources,
        runs,
        events,
        pipelines,
        aliases,
        promotions,
        deployments,
        batches,
        advices,
        keys,
        audit,
    )
)
"""In the order in which the documentation tells of them."""
