"""A file, or the files of a folder, in an object store or behind a web address: whatever fsspec opens."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from workbench.data.formats.reader import Asked, Limits
from workbench.data.origins.literals import check_address, check_options
from workbench.data.origins.origin import Opened, Tell
from workbench.data.origins.patience import promptly
from workbench.data.origins.secrets import REFERENCE, Secrets, masked, restored
from workbench.data.origins.store import Entry, Store, fetch, listed
from workbench.errors import BadRequest, TooLarge
from workbench.plain import byte_size, plain


@dataclass(frozen=True, slots=True)
class Object:
    """A file in a store; where the address ends with a slash, the files of a folder, as one table.

    Parameters
    ----------
    url
        As for fsspec (``s3://``, ``gs://``, ``az://``, ``https://``, …), with the names of secrets in place of them.
    options
        Of the store, as for fsspec, such as ``endpoint_url`` and ``anon`` of S3; secrets by name.
    reach
        None: it fetches from wherever the address leads. Else from public web addresses and the hosts that are named;
        see `workbench.data.origins.reach`.

    Raises
    ------
    BadRequest
        ``data.secret_literal`` when a secret stands in it, ``data.source_invalid`` when an option is no plain data.
    """

    url: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    reach: tuple[str, ...] | None = None
    kind = "object"

    def __post_init__(self) -> None:
        if not REFERENCE.fullmatch(self.url):
            check_address(self.url)
        check_options(self.options, of=self.called)
        try:
            plain(dict(self.options))
        except (TypeError, ValueError):
            failure = BadRequest("data.source_invalid", f"An option of {self.called} is no plain value.")
        else:
            return
        # Beyond the handler: what led to it has the option in it.
        raise failure

    @property
    def called(self) -> str:
        if REFERENCE.fullmatch(self.url):
            return "table"
        text, references = masked(self.url)
        parts = urlsplit(text)
        return restored(PurePosixPath(parts.path).name or parts.netloc.rpartition("@")[2], references)

    @property
    def _shown(self) -> str:
        """What messages call it."""
        return self.url.partition("?")[0]

    def told(self) -> dict[str, Any]:
        told = {"kind": self.kind, "url": self.url, "options": plain(dict(self.options))}
        return told if self.reach is None else told | {"reach": list(self.reach)}

    def test(self) -> None:
        """Ask the store for what it knows of it.

        Raises
        ------
        BadRequest
            ``data.file_missing``, ``data.source_denied``, ``data.driver_missing``, ``data.secret_missing``,
            ``data.source_invalid``.
        Unavailable
            ``data.source_unreachable``.
        """
        self._listed()

    def open(self, limits: Limits, asked: Asked, tell: Tell) -> Opened:
        """Fetch it into the folder for work, and begin to read.

        Raises
        ------
        BadRequest
            As for `test`, and whatever its format refuses.
        TooLarge
            ``data.too_large``.
        Unavailable
            As for `test`, also where it broke off again and again while it was fetched.
        """
        from workbench.data.formats.recognise import open_file

        store = self._store(*self._filled())
        entries = listed(store, self._shown)
        total = _total(entries)
        self._check_size(total or 0, limits)
        folder = limits.work / "fetched"
        folder.mkdir(exist_ok=True)
        done = 0
        paths = []
        for number, entry in enumerate(entries):
            path = folder / (Path(entry.name).name if store.is_folder else f"{number}")
            for size in fetch(store, entry, self._shown, path):
                tell(done + size, total)
                self._check_size(done + size, limits)
            done += path.stat().st_size
            paths.append(path)
        if done != total:
            tell(done, done)
        if not store.is_folder:
            return Opened(open_file(paths[0], self.called, limits, asked), paths[0])
        from workbench.data.formats.folder import FolderReader

        return Opened(FolderReader(sorted(paths), self.called, limits, asked), folder)

    def stamp(self) -> str | None:
        """Return a hash over what the store tells of each file's version; None where it tells nothing."""
        signs = [entry.sign for entry in self._listed()]
        return None if None in signs else hashlib.sha256(repr(signs).encode()).hexdigest()

    def _listed(self) -> list[Entry]:
        # A keyring may ask its owner first, who takes what time it takes.
        filled = self._filled()
        return promptly(lambda: listed(self._store(*filled), self._shown), f"The store of {self._shown}")

    def _filled(self) -> tuple[str, dict[str, Any], Secrets]:
        """Find the secrets, and put them into the address and the options."""
        secrets = Secrets()
        if REFERENCE.fullmatch(self.url):
            url = secrets.fill(self.url)
            secrets.call(lambda: _hide_parts(url, secrets), lambda _: self._no_address())
        else:
            url = secrets.fill(self.url, lambda secret: quote(secret, safe=""))
        return url, secrets.fill_all(dict(self.options)), secrets

    def _no_address(self) -> BadRequest:
        return BadRequest("data.source_invalid", f"What {self.url} holds is no address of a store or of the web.")

    def _store(self, url: str, options: dict[str, Any], secrets: Secrets) -> Store:
        # Each brings libraries of its own.
        if url.startswith(("http://", "https://")):
            from workbench.data.origins.web import Web

            return Web(url, options, self._shown, secrets, self.reach)
        from workbench.data.origins.remote import Remote

        return Remote(url, options, self._shown, secrets)

    def _check_size(self, size: int, limits: Limits) -> None:
        most = limits.expanded_bytes
        if self.reach is not None:
            # Whoever could upload no more is not to have more fetched.
            most = min(most, limits.sent_bytes)
        if size > most:
            raise TooLarge("data.too_large", f"{self._shown} is larger than the limit of {byte_size(most)}.")


def _hide_parts(url: str, secrets: Secrets) -> None:
    """Take note of what is a secret in an address that is one as a whole."""
    parts = urlsplit(url)
    secrets.hide(parts.path.strip("/"))
    secrets.hide_login(url, (parts.scheme, parts.hostname))
    for _, value in parse_qsl(parts.query):
        secrets.hide(value)


def _total(entries: list[Entry]) -> int | None:
    sizes = [entry.size for entry in entries]
    return None if None in sizes else sum(size or 0 for size in sizes)
