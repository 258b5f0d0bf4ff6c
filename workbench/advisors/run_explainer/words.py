"""Numbers as a sentence has them."""

from __future__ import annotations

from collections.abc import Sequence


def number(value: float | None) -> str:
    """Write a number so that people can compare it with its neighbours.

    >>> number(0.90612), number(4712.8), number(-0.000031)
    ('0.906', '4,713', '-3.1e-05')
    """
    if value is None:
        return "undefined"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.3f}" if size >= 0.001 or value == 0 else f"{value:.1e}"


def percent(share: float) -> str:
    """Write a share.

    >>> percent(0.1169)
    '11.7 %'
    """
    return f"{share * 100:.1f} %"


def chance(p: float) -> str:
    """Write a probability.

    >>> chance(0.0000002), chance(0.034)
    ('p < 0.001', 'p = 0.034')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def named(names: Sequence[str], *, most: int = 3) -> str:
    """List names.

    >>> named(["a", "b", "c", "d"], most=2), named(["a", "b"])
    ('a, b and 2 more', 'a and b')
    """
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
