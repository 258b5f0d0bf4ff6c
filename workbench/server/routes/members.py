"""Members of the caller's workspace over HTTP, and invitations to it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from workbench.server.answering import Json, made, nothing
from workbench.server.bodies import people
from workbench.server.bodies.people import Accept, Invite, SetRole
from workbench.server.callers import Mine
from workbench.server.gives import gives
from workbench.server.paging import Paged, whole

router = APIRouter(tags=["members"])


@router.get("/members", **gives(list[people.Member], has_pages=True))
def list_members(workbench: Mine, page: Paged) -> Response:
    """List the members of the workspace."""
    return whole(page, workbench.workspaces.members(), lambda member: str(member.name))


@router.put("/members/{user}", **gives(people.Member, 400, 409))
def set_role(user: str, asked: SetRole, workbench: Mine) -> Response:
    """Make somebody a member, or change what they are."""
    return Json(workbench.workspaces.set_role(user, asked.role).as_dict())


@router.delete("/members/{user}", **gives(None, 400, 409, status=204))
def remove_member(user: str, workbench: Mine) -> Response:
    """Take a member out of the workspace; their keys to it are revoked."""
    workbench.workspaces.remove(user)
    return nothing()


@router.get("/invitations", **gives(list[people.Invitation], has_pages=True))
def list_invitations(workbench: Mine, page: Paged) -> Response:
    """List invitations to the workspace."""
    return whole(page, workbench.workspaces.invitations())


@router.post("/invitations", **gives(people.Invited, 400, 409, status=201, has_place=True))
def invite(asked: Invite, workbench: Mine, request: Request) -> Response:
    """Invite somebody; the code is told this once."""
    invited = workbench.workspaces.invite(asked.user, asked.role, asked.days)
    return made(request, invited.as_dict(), "invitations", invited.invitation.id)


@router.delete("/invitations/{invitation}", **gives(None, status=204))
def revoke_invitation(invitation: str, workbench: Mine) -> Response:
    """Have an invitation be good for nothing any more."""
    workbench.workspaces.revoke_invitation(invitation)
    return nothing()


@router.post("/invitations/accept", **gives(people.Joined, 403, 422, status=201))
def accept_invitation(asked: Accept, workbench: Mine) -> Response:
    """Become a member by a code; the key that is told this once is good for all that its owner may do."""
    return Json(workbench.accept_invitation(asked.code).as_dict(), status_code=201)
