"""Rules about running it: the bytes, the libraries, the time and room it takes, and who watches."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.advisors.deployment_reviewer.evidence import Version
from workbench.advisors.deployment_reviewer.ruling import Case, Ruling
from workbench.plain import byte_size

_ALWAYS = ("python", "pycaret", "scikit-learn", "numpy", "pandas", "scipy")
_OF_A_MODEL = ("lightgbm", "xgboost", "catboost")
_OF_A_TASK = {"time_series": ("sktime", "statsmodels", "pmdarima"), "anomaly": ("pyod",)}


def artifact(case: Case) -> Iterator[Ruling]:
    """The bytes must be those that were stored, and few enough to be held by every process that answers."""
    found = case.evidence.artifact
    if not found.verifies:
        yield case.ruling(
            "artifact.unverified",
            "blocking",
            f"The pickled pipeline cannot be verified: {found.problem}",
            "Do not load it: fit it again, and find out who changed the store.",
            flag="unverified_artifact",
            phrase="its bytes are not what was stored",
        )
    else:
        yield case.ruling("artifact.verified", "good", f"Its {byte_size(found.size_bytes)} are those that were stored.")
    if found.size_bytes >= case.limit("reviewer.size_mib") * 1024**2:
        yield case.ruling(
            "artifact.large",
            "warning",
            f"The pickled pipeline has {byte_size(found.size_bytes)}; every process that answers holds it, and a "
            "restart takes as long as reading it.",
            "Take fewer or shallower trees, or a smaller model.",
            flag="large",
            phrase=f"it is large ({byte_size(found.size_bytes)})",
            measured={"bytes": found.size_bytes},
            held=("reviewer.size_mib",),
        )


def versions(case: Case) -> Iterator[Ruling]:
    """A pickle is only sure to be the same model in the libraries that made it."""
    matter = (
        *_ALWAYS,
        *(name for name in _OF_A_MODEL if name in case.reviewed.kinds),
        *_OF_A_TASK.get(case.reviewed.task, ()),
    )
    apart = [(version, _apart(version)) for version in case.evidence.versions if version.library in matter]
    grave = [version for version, how in apart if how == "major"]
    minor = [version for version, how in apart if how == "minor"]
    patch = [version for version, how in apart if how == "patch"]
    if grave or minor:
        yield case.ruling(
            "versions.skew",
            "blocking" if grave else "warning",
            f"It was made with {_listed(grave + minor)}: a pickle is not sure to be the same model there.",
            "Serve it in the environment that made it, or fit it again in the one that serves.",
            flag="version_skew",
            phrase=f"it was made with another {(grave or minor)[0].library}",
            measured={version.library: [version.made, version.now] for version in grave + minor},
        )
    elif patch:
        yield case.ruling(
            "versions.patch",
            "note",
            f"It was made with {_listed(patch)}; patches rarely matter.",
            measured={version.library: [version.made, version.now] for version in patch},
        )


def _listed(versions: list[Version]) -> str:
    return ", ".join(
        f"{version.library} {version.made} and would answer "
        f"{'without it' if version.now is None else f'with {version.now}'}"
        for version in versions
    )


def _apart(version: Version) -> str:
    if version.now is None:
        return "major"
    made, now = version.made.split("."), version.now.split(".")
    if made[:1] != now[:1]:
        return "major"
    if made[:2] != now[:2]:
        return "minor"
    return "" if version.made == version.now else "patch"


def serving(case: Case) -> Iterator[Ruling]:
    """What is asked for must be answered, soon, and by something that is watched."""
    found = case.evidence.served
    if found is None:
        return
    if found.status == "failed":
        yield case.ruling(
            "serving.failed",
            "blocking",
            f"The deployment {found.slug} failed: {found.error or 'no reason was given'}",
            "Mend that first, then warm it again.",
            phrase="it does not answer",
        )
    if found.requests >= case.limit("reviewer.requests_least"):
        yield from _answers(case)
    yield from _watched(case)


def _answers(case: Case) -> Iterator[Ruling]:
    found = case.evidence.served
    assert found is not None
    if found.p95_ms is not None and found.p95_ms >= case.limit("reviewer.p95_ms"):
        why = f" ({found.engine_why})" if found.engine_why else ""
        engine = f" It runs {found.engine}{why}." if found.engine not in (None, "compiled") else ""
        p50 = "" if found.p50_ms is None else f" and half of them up to {found.p50_ms:.0f} ms"
        yield case.ruling(
            "serving.slow",
            "warning",
            f"One request in twenty takes {found.p95_ms:.0f} ms or more{p50}.{engine}",
            "Send fewer rows a request, or take a smaller model.",
            flag="slow",
            phrase=f"it is slow (p95 {found.p95_ms:.0f} ms)",
            measured={"p50_ms": found.p50_ms, "p95_ms": found.p95_ms, "engine": found.engine},
            held=("reviewer.p95_ms", "reviewer.requests_least"),
        )
    share = found.errors / found.requests
    if share >= case.limit("reviewer.error_share"):
        yield case.ruling(
            "serving.errors",
            "warning",
            f"{found.errors:,} of {found.requests:,} requests were not answered ({share:.1%}).",
            "Look at what callers send: the schema tells which columns a row must have.",
            phrase="requests fail",
            measured={"errors": found.errors, "requests": found.requests},
            held=("reviewer.error_share", "reviewer.requests_least"),
        )


def _watched(case: Case) -> Iterator[Ruling]:
    found = case.evidence.served
    assert found is not None
    if not case.reviewed.has_reference:
        yield case.ruling(
            "drift.no_reference",
            "warning",
            "The pipeline keeps no summary of the rows that it learned from, so that drift cannot be judged.",
            "Fit it again with this version of Workbench.",
            flag="drift_unmonitored",
            phrase="drift cannot be judged",
        )
        return
    idle = found.days_served if found.drift_advice_days is None else found.drift_advice_days
    if found.requests < case.limit("reviewer.watched_requests") or idle < case.limit("reviewer.unwatched_days"):
        return
    last = (
        "nobody has asked for drift advice yet"
        if found.drift_advice_days is None
        else f"the last drift advice is {found.drift_advice_days:.0f} days old"
    )
    yield case.ruling(
        "drift.unmonitored",
        "warning",
        f"{found.slug} has answered {found.requests:,} requests, and {last}.",
        f"Ask the drift analyst about {found.slug}, and again every week.",
        flag="drift_unmonitored",
        phrase="nobody watches for drift",
        measured={"requests": found.requests, "days": idle},
        held=("reviewer.watched_requests", "reviewer.unwatched_days"),
    )
