"""Where an API is, and whether a key may be sent there."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from workbench.errors import BadRequest

ROOT = "/api/v1"
_SCHEMES = ("http", "https", "unix")
_BY_SOCKET = "http://workbench"
"""What stands for the host where there is none."""


def is_address(text: str) -> bool:
    """Whether a text says where an API is."""
    return text.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES))


@dataclass(frozen=True, slots=True)
class Address:
    """Where an API is.

    Attributes
    ----------
    base
        What every path is put after, without a slash at its end.
    host
        What a user calls it.
    socket
        Path of the Unix socket; None: it is reached by TCP.
    is_private
        Whether nobody between here and there can read along: by TLS, or because it is this machine.
    """

    base: str
    host: str
    socket: str | None
    is_private: bool

    @property
    def is_here(self) -> bool:
        """Whether it is this machine."""
        return self.is_private and not self.base.startswith("https:")

    def check_private(self) -> None:
        """Refuse to send a key where it can be read on the way.

        Raises
        ------
        BadRequest
            ``remote.insecure``
        """
        if not self.is_private:
            raise BadRequest(
                "remote.insecure",
                f"A key would go to {self.host} as everybody on the way can read it.",
                hint="Name an https:// address; where the way is safe all the same, say insecure=True.",
            )


def read(text: str) -> Address:
    """Read an address: ``https://HOST[/BASE]``, ``http://…``, or ``unix:///PATH/api.sock``.

    Raises
    ------
    BadRequest
        ``remote.address_invalid``
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _invalid(str(error)) from error
    if parts.scheme == "unix" and not parts.netloc and parts.path:
        return Address(f"{_BY_SOCKET}{ROOT}", unquote(parts.path), unquote(parts.path), is_private=True)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _invalid("it is none such as https://workbench.example.org")
    if parts.username or parts.password:
        raise _invalid("it holds a user or a password")
    if parts.query or parts.fragment:
        raise _invalid("it goes on after its path")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host = host if port is None else f"{host}:{port}"
    path = parts.path.rstrip("/").removesuffix(ROOT)
    is_private = parts.scheme == "https" or _is_loopback(parts.hostname)
    return Address(f"{parts.scheme}://{host}{path}{ROOT}", host, None, is_private)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _invalid(why: str) -> BadRequest:
    # What was given may hold a secret, and is not told.
    return BadRequest("remote.address_invalid", f"The address of the API cannot be taken: {why}.")
