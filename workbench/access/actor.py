"""Whoever does something: a person or the engine itself, by what credential, and from where."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from workbench.access.permissions import ALL, Permission, Role, granted
from workbench.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts in one workspace.

    Attributes
    ----------
    name
        As it stands in rows and in the audit log.
    role
        What they are in the workspace; None: no member of it.
    scopes
        What their key is good for; None: they showed none, and may do all that their role allows.
    origin
        From where, in the audit log's words: ``python``, ``cli``, ``jupyter``, ``http ADDRESS``.
    key_id
        The key that was shown, where one was.
    is_administrator
        Whether all workspaces are theirs, to make new ones too.
    """

    name: str
    role: Role | None
    scopes: frozenset[str] | None = None
    origin: str = ""
    key_id: str | None = None
    is_administrator: bool = False

    def may(self, permission: Permission, *, slug: str | None = None) -> bool:
        """Whether they may do something; `slug` says with which deployment, where it is about one."""
        return self.why_not(permission, slug=slug) is None

    def check(self, permission: Permission, *, slug: str | None = None) -> None:
        """Refuse what they may not do.

        Raises
        ------
        Forbidden
            ``access.not_a_member``, ``access.role_too_low`` or ``access.scope_missing``.
        """
        error = self.why_not(permission, slug=slug)
        if error is not None:
            raise error

    def why_not(self, permission: Permission, *, slug: str | None = None) -> Forbidden | None:
        """Return why they may not do something; None where they may."""
        if self.role is None:
            return Forbidden(
                "access.not_a_member",
                f"{self.name} is no member of this workspace.",
                hint="An owner of it can invite you.",
            )
        if not self.role.covers(permission.least_role):
            return Forbidden(
                "access.role_too_low",
                f"{self.name} is {_a(self.role)} here; this takes {_a(permission.least_role)}.",
                hint="An owner of the workspace can change your role.",
                permission=str(permission),
                role=str(self.role),
            )
        if not self._has_scope(permission, slug):
            wanted = f"{permission}:{slug or ALL}" if permission is Permission.PREDICT else str(permission)
            return Forbidden(
                "access.scope_missing",
                f"The key is not good for this: it lacks the scope {wanted}.",
                hint="Make a key that has it.",
                permission=wanted,
            )
        return None

    @property
    def sees_places(self) -> bool:
        """Whether they may see where on the server, or behind it, things lie."""
        return self.key_id is None and self.role is not None and self.role.covers(Role.EDITOR)

    def _has_scope(self, permission: Permission, slug: str | None) -> bool:
        if self.scopes is None or ALL in self.scopes:
            return True
        held = frozenset().union(*(granted(scope) for scope in self.scopes))
        if permission is Permission.DEPLOYMENTS_READ and slug is not None and self._has_scope(Permission.PREDICT, slug):
            # Whoever predicts with it needs to know what it takes.
            return True
        if permission is Permission.PREDICT:
            return f"{permission}:{ALL}" in held or (slug is not None and f"{permission}:{slug}" in held)
        return permission in held


def owner(name: str, origin: str = "") -> Actor:
    """Return somebody who may do all in the workspace."""
    return Actor(name, Role.OWNER, origin=origin)


_FILLERS = "\u115f\u1160\u3164\uffa0"
"""Letters of Hangul that show nothing."""
ENGINE = Actor("service", Role.OWNER, origin="service", is_administrator=True)
"""The engine itself, where nobody asked for what it does."""


def of_person(name: str) -> str:
    """Return what a person is called who is called so: nobody goes by the engine's name."""
    name = written(name)
    return f"{name} (person)" if is_engines(name) else name


def written(name: str) -> str:
    """Return a name in the one way that it is stored: accents are one with their letters (NFC)."""
    return unicodedata.normalize("NFC", name)


def is_engines(name: str) -> bool:
    """Whether a name would pass for the engine's, also with what is not seen; letters of other scripts are others."""
    told = "".join(each for each in unicodedata.normalize("NFKC", name) if not _is_unseen(each))
    return told.strip().casefold() == ENGINE.name


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Cf") or character in _FILLERS


def _a(role: Role) -> str:
    return f"{'a' if role is Role.VIEWER else 'an'} {role}"
