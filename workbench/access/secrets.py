"""Secrets that people hold: how one is made, what is kept of it, and how it is kept out of what is written down."""

from __future__ import annotations

import hashlib
import re
import secrets

KEY = "pck_"
"""What a key begins with."""
INVITATION = "inv_"
"""What an invitation's code begins with."""
SHOWN = 12
"""How much of a key people are shown, to tell keys apart."""
_BYTES = 32
_KINDS = "|".join((KEY, INVITATION))
_ANY = re.compile(rf"\b({_KINDS})([A-Za-z0-9_-]{{{SHOWN - len(KEY)}}})[A-Za-z0-9_-]+")
_WHOLE = re.compile(rf"({_KINDS})[A-Za-z0-9_-]{{43}}", re.ASCII)


def new(kind: str) -> str:
    """Return a fresh secret.

    Parameters
    ----------
    kind
        What it begins with: `KEY` or `INVITATION`.
    """
    return f"{kind}{secrets.token_urlsafe(_BYTES)}"


def is_well_formed(secret: object, kind: str) -> bool:
    """Whether a text can be a secret of a kind at all."""
    return isinstance(secret, str) and secret.startswith(kind) and _WHOLE.fullmatch(secret) is not None


def digest(secret: str) -> str:
    """Return what is kept of a secret.

    It has 256 random bits, so that nobody finds it by its SHA-256 however fast that is computed.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def redacted(text: str) -> str:
    """Return a text with secrets cut short: what people are shown of them stays.

    >>> redacted("sent pck_abcdefgh-the-rest-of-it")
    'sent pck_abcdefgh…'
    """
    return _ANY.sub(r"\1\2…", text)
