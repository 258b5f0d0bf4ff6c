"""Where things lie on the server: of a path those are told the end alone who do not work there."""

from __future__ import annotations

import re

_NO_HOST = r"[A-Za-z][A-Za-z0-9+.-]{,40}:/{2}(?:/|localhost)?(?=/[^/])"
"""An address on this machine, as of a file, a socket or a database."""
_PATH = re.compile(
    rf"""(?P<quote>['"])(?:{_NO_HOST})?(?P<quoted>/[^'"\n]+)(?P=quote)"""
    # Neither the rest of another path, nor of an address, nor a fraction.
    rf"""|(?<![\w/.~%@…-])(?:{_NO_HOST})?(?P<bare>/(?:[^\s/'"<>()\[\],;:]+/)+[^\s/'"<>()\[\],;:]*)"""
)
_CODE = re.compile(r"^.*/(?=(?:site-packages|dist-packages|lib/python[\d.]+)/|workbench/.*\.py$)")


def without_places(text: str) -> str:
    """Return a text with the paths of the machine cut down to their ends; of code, to what its library calls it.

    >>> without_places("[Errno 13] Permission denied: '/srv/sales data/2026.csv'")
    "[Errno 13] Permission denied: '…/2026.csv'"
    >>> without_places('File "/opt/env/lib/python3.11/site-packages/pandas/core/frame.py", line 7')
    'File "…/site-packages/pandas/core/frame.py", line 7'
    >>> without_places("https://example.org/a/b is 1/2/3 of /tmp/it")
    'https://example.org/a/b is 1/2/3 of …/it'
    """
    return _PATH.sub(_cut, text) if "/" in text else text


def _cut(found: re.Match[str]) -> str:
    path = found["quoted"] or found["bare"]
    if "/" not in path[1:]:
        return found[0]
    end = _CODE.sub("", path)
    if end == path:
        end = path.rstrip("/").rpartition("/")[2]
    quote = found["quote"] or ""
    return f"{quote}…/{end}{quote}"
