"""The part of Workbench that travels with a model: modules, and whatever these import."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
_NAME = PACKAGE.name


def ship(modules: Iterable[str], folder: Path) -> None:
    """Copy modules of Workbench and all of Workbench that they import, now or later, into a folder.

    Parameters
    ----------
    modules
        Full names.
    folder
        Where the package is to lie; it is made.
    """
    for path in sources(modules):
        target = folder / path.relative_to(PACKAGE.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def sources(modules: Iterable[str]) -> list[Path]:
    """Return the files of modules of Workbench and of all that they import of it, ascending.

    What only a type checker imports does not count.
    """
    found: set[Path] = set()
    waiting = [path for module in modules for path in _files(module)]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for name in _imported(ast.parse(path.read_bytes()).body):
            waiting.extend(_files(name))
    return sorted(found)


def _imported(body: Sequence[ast.AST]) -> Iterator[str]:
    """Yield what statements import, inside functions too; of ``from a import b`` both ``a`` and ``a.b``."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _imported(node.orelse)
        else:
            yield from _imported(list(ast.iter_child_nodes(node)))


def _files(name: str) -> Iterator[Path]:
    """Yield the file of a module of Workbench, and those of the packages that it lies in; nothing for other names."""
    first, *rest = name.split(".")
    if first != _NAME:
        return
    place = PACKAGE
    yield place / "__init__.py"
    for part in rest:
        place = place / part
        if (place / "__init__.py").is_file():
            yield place / "__init__.py"
        elif (file := place.with_suffix(".py")).is_file():
            yield file
