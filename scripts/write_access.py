"""Write who may call what into ``docs/access.md``, as ``workbench/server/access_table.py`` declares it."""

from __future__ import annotations

import re
from pathlib import Path

from workbench.access.permissions import Permission, Role, granted
from workbench.server.access_table import TABLE, Access
from workbench.serving.client import ROOT

PAGE = Path(__file__).parents[1] / "docs" / "access.md"
ROUTES = "| operation | who | least role | scope of a key |\n|---|---|---|---|\n"
SCOPES = "| scope | least role | lets do besides |\n|---|---|---|\n"
_KINDS = {
    "public": "everybody",
    "home": "the home's owner",
    "member": "members",
    "predict": "whom the deployment lets in",
}


def routes() -> str:
    """Return the rows of the table of operations."""
    return "".join(
        f"| `{method} {path.removeprefix(ROOT)}` | {_KINDS[access.kind]} | {_role(access)} | {_scope(access)} |\n"
        for (method, path), access in TABLE.items()
    )


def scopes() -> str:
    """Return the rows of the table of scopes."""
    return "".join(
        f"| `{_named(one)}` | {one.least_role} | {_besides(one)} |\n" for one in sorted(Permission, key=_order)
    )


def _role(access: Access) -> str:
    return "–" if access.role is None else str(access.role)


def _scope(access: Access) -> str:
    if access.permission is None:
        return "any" if access.kind == "member" else "–"
    return f"`{_named(access.permission)}`"


def _named(permission: Permission) -> str:
    return f"{permission}:SLUG" if permission is Permission.PREDICT else str(permission)


def _besides(permission: Permission) -> str:
    scope = f"{permission}:*" if permission is Permission.PREDICT else str(permission)
    return ", ".join(f"`{one}`" for one in sorted(granted(scope) - {scope})) or "–"


def _order(permission: Permission) -> tuple[int, str]:
    return list(Role).index(permission.least_role), str(permission)


def main(page: Path = PAGE) -> None:
    text = page.read_text(encoding="utf-8")
    for head, rows in ((ROUTES, routes()), (SCOPES, scopes())):
        text = re.sub(re.escape(head) + r"(\|.*\n)*", lambda _, whole=head + rows: whole, text)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
