"""Rows as a caller in Python has them, as JSON takes them."""

from __future__ import annotations

import json
from typing import Any

from workbench.errors import BadRequest


def as_plain(rows: Any) -> Any:
    """Return rows, or a frame of them, as plain data.

    Raises
    ------
    BadRequest
        ``predict.no_rows`` when JSON cannot hold them.
    """
    if hasattr(rows, "to_dict"):
        # What is missing in a frame is None in JSON.
        rows = rows.astype(object).where(rows.notna(), None).to_dict("records")
    try:
        return json.loads(json.dumps(rows, default=_plain, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise BadRequest(
            "predict.no_rows", f"The rows cannot be written as JSON: {error}.", hint="Use None for what is missing."
        ) from error


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is nothing that JSON holds")
