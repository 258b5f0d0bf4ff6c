"""A folder that came as a zip archive: nothing of it comes to lie outside its place."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath

from workbench.errors import BadGateway

_BYTES_MOST, _MEMBERS_MOST = 16 << 30, 10_000
"""Most that an archive may unpack to."""
_CHUNK = 1 << 20


def unpack(archive: Path, into: Path, host: str) -> None:
    """Unpack an archive into a folder that is there, and empty.

    Raises
    ------
    BadGateway
        ``remote.not_understood`` when it is no archive, or not one that a Workbench makes.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            if len(members) > _MEMBERS_MOST:
                raise _strange(host, "has too many files")
            room = _BYTES_MOST
            for member in members:
                path = _place(into, member, host)
                if member.is_dir():
                    path.mkdir(parents=True, exist_ok=True)
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                # What the archive says of its sizes is its own word: counted is what comes out.
                with opened.open(member) as source, path.open("xb") as file:
                    while chunk := source.read(_CHUNK):
                        room -= len(chunk)
                        if room < 0:
                            raise _strange(host, "is too large")
                        file.write(chunk)
                if member.external_attr >> 16 & stat.S_IXUSR:
                    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, FileExistsError) as error:
        raise _strange(host, f"cannot be read: {error}") from error


def _place(into: Path, member: zipfile.ZipInfo, host: str) -> Path:
    name = PurePosixPath(member.filename)
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    if is_link or name.is_absolute() or ".." in name.parts or "\\" in member.filename or ":" in member.filename:
        raise _strange(host, "has a file that is not to lie in its folder")
    return into.joinpath(*name.parts)


def _strange(host: str, how: str) -> BadGateway:
    return BadGateway("remote.not_understood", f"The archive that {host} sends {how}.")
