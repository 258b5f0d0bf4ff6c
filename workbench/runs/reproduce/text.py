"""Markdown as text."""

from __future__ import annotations

import re


def escaped(text: object) -> str:
    r"""Keep Markdown from reading anything into a text.

    >>> escaped("a_b | c")
    'a\\_b \\| c'
    """
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", " ".join(str(text).split()))
