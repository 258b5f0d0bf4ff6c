"""What a deployment may be called, and who may ask it."""

from __future__ import annotations

from sqlalchemy import select

from workbench.access.permissions import SLUG
from workbench.errors import BadRequest, Conflict
from workbench.plain import shown
from workbench.serving.deployment import ACCESSES
from workbench.store.store import Store
from workbench.store.tables import DeploymentRow


def check_slug(store: Store, slug: str) -> None:
    """Refuse a slug that cannot be had.

    Raises
    ------
    BadRequest
        ``deployment.slug_invalid``
    Conflict
        ``deployment.slug_taken``
    """
    if not isinstance(slug, str) or SLUG.fullmatch(slug) is None:
        raise BadRequest(
            "deployment.slug_invalid",
            f"The slug is {shown(slug)}.",
            hint="It takes 3 to 64 small letters, digits and hyphens, with no hyphen at either end.",
        )
    with store.database.read() as session:
        if session.scalar(select(DeploymentRow.id).where(DeploymentRow.live_slug == slug)) is not None:
            raise taken(slug)


def check_access(access: str) -> None:
    """Refuse an access that is not there.

    Raises
    ------
    BadRequest
        ``deployment.access_invalid``
    """
    if access not in ACCESSES:
        valid = ", ".join(ACCESSES)
        raise BadRequest("deployment.access_invalid", f"The access is {shown(access)}.", hint=f"Valid: {valid}.")


def taken(slug: str) -> Conflict:
    """Say that there is a deployment of a slug."""
    return Conflict("deployment.slug_taken", f"There is a deployment '{slug}' already.", hint="Choose another slug.")
