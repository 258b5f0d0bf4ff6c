"""Wheels of a few bytes, so that an installation is real and takes no network."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path


def write(
    folder: Path, name: str, version: str, files: dict[str, str], *, extras: dict[str, str] | None = None
) -> None:
    """Write a wheel that holds modules; `extras` maps an extra to what it requires."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    told = [f"Provides-Extra: {extra}" for extra in extras or ()]
    told += [f"Requires-Dist: {what}; extra == '{extra}'" for extra, what in (extras or {}).items()]
    contents = files | {
        f"{info}/METADATA": "\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *told, ""]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in contents.items()]
    contents[f"{info}/RECORD"] = "".join([*lines, f"{info}/RECORD,,\n"])
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in contents.items():
            wheel.writestr(path, text)


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
