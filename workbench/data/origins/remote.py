"""Object stores, by way of fsspec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from workbench.data.origins.secrets import Secrets, missing_package
from workbench.data.origins.store import PART_BYTES, Answer, Entry, Passing, call, unreachable
from workbench.errors import BadRequest, WorkbenchError

_CONNECT_S, _READ_S = 10, 60
_SIGNS = ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "last_modified", "mtime", "created", "updated")
"""What stores call that which is another one for another version of a file."""
_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
}
_WITHOUT_CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}
_WITHOUT_TRUST = {"SSLError", "SSLCertVerificationError", "ClientConnectorCertificateError", "ClientConnectorSSLError"}


class Remote:
    """One address of an object store.

    Parameters
    ----------
    url, options
        As for fsspec, with their secrets.
    called
        What the user calls it, for messages.
    """

    def __init__(self, url: str, options: dict[str, Any], called: str, secrets: Secrets) -> None:
        self._called, self._secrets = called, secrets
        self._protocol = url.partition("://")[0]
        self.is_folder = url.endswith("/")
        self._options = _patience(self._protocol) | options
        self._files, self._path = self._call(lambda: self._opened(url))

    def entries(self) -> list[Entry]:
        """See `workbench.data.origins.store.Store`."""
        if not self.is_folder:
            about = self._info(self._path)
            if about.get("type") != "directory":
                return [_entry(about, self._path)]
            self.is_folder = True
        listed = self._call(lambda: self._files.ls(self._path.rstrip("/"), detail=True))
        found = [_entry(about, about["name"]) for about in listed if about.get("type") == "file"]
        found = [entry for entry in found if entry.name and entry.name[0] not in "._"]
        if not found:
            raise BadRequest("data.file_missing", f"There is no file in {self._called}.")
        return sorted(found, key=lambda entry: entry.name)

    def parts(self, entry: Entry, start: int) -> Iterator[tuple[int, bytes]]:
        """See `workbench.data.origins.store.Store`."""
        now = self._now(entry) if start else entry
        if now.sign != entry.sign:
            start = 0
        while now.size is None or start < now.size:
            part = self._call(partial(self._files.cat_file, entry.path, start=start, end=start + PART_BYTES))
            if not part:
                break
            yield start, part
            start += len(part)
        if now.size is not None and start != now.size:
            raise Passing(f"{start:,} of {now.size:,} bytes came")
        # What asks for parts again by itself would put those of two versions together.
        if self._now(entry).sign != now.sign:
            raise Passing("it changed while it was fetched")

    def _now(self, entry: Entry) -> Entry:
        return _entry(self._info(entry.path), entry.path)

    def _info(self, path: str) -> dict[str, Any]:
        return dict(self._call(lambda: self._files.info(path)))

    def _opened(self, url: str) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        # A cached one would keep what it was told once, and the secrets.
        files, path = url_to_fs(url, skip_instance_cache=True, use_listings_cache=False, **self._options)
        return files, path

    def _call(self, function: Callable[[], Answer]) -> Answer:
        return call(function, self._secrets, self._refusal)

    def _refusal(self, error: Exception, reason: str) -> WorkbenchError | None:
        if isinstance(error, ImportError):
            package = _PACKAGES.get(self._protocol) or error.name or "a package"
            return missing_package(package, f"Reading from {self._protocol}://")
        if isinstance(error, FileNotFoundError):
            what = "bucket" if "bucket does not exist" in reason else "file"
            return BadRequest("data.file_missing", f"There is no such {what}: {self._called}.")
        if isinstance(error, PermissionError):
            return BadRequest("data.source_denied", f"The store does not let this user at {self._called}: {reason}.")
        if isinstance(error, ValueError | TypeError):
            return BadRequest("data.source_invalid", f"{self._called} cannot be opened: {reason}.")
        return self._distrust(error, reason)

    def _distrust(self, error: Exception, reason: str) -> WorkbenchError | None:
        # Of libraries that are not to be loaded for it.
        kinds = {base.__name__ for base in type(error).__mro__}
        if kinds & _WITHOUT_CREDENTIALS:
            return BadRequest(
                "data.source_denied",
                f"The store wants to know who reads {self._called}, and no credentials were found.",
                hint="Name them by the options key and secret, or say anon=True where anybody may read.",
            )
        return unreachable(self._called, f"is not trusted: {reason}") if kinds & _WITHOUT_TRUST else None


def _entry(about: dict[str, Any], path: str) -> Entry:
    sign = [str(about[name]) for name in _SIGNS if about.get(name) is not None]
    size = about.get("size")
    return Entry(path, PurePosixPath(path.rstrip("/")).name, size, f"{size} {' '.join(sign)}" if sign else None)


def _patience(protocol: str) -> dict[str, Any]:
    if protocol in ("s3", "s3a"):
        return {
            "config_kwargs": {"connect_timeout": _CONNECT_S, "read_timeout": _READ_S, "retries": {"max_attempts": 1}}
        }
    return {}
