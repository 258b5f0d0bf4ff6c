"""Markdown as text."""

from __future__ import annotations

import re


def escaped(text: object) -> str:
    r"""Keep Markdown from reading anything into a text.

    >>> escaped("a_b | c")
    'a\\_b \\| c'
    """
    line = re.sub(r"[\\`*_{}\[\]<>#|~$&!]", _written, " ".join(str(text).split()))
    # What would begin a list, or underline a heading.
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", line)


def _written(found: re.Match[str]) -> str:
    # Two backslashes would begin a formula where a bracket follows.
    return "&#92;" if found[0] == "\\" else f"\\{found[0]}"
