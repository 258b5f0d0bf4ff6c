"""Write the table of what advisors judge by into ``docs/advisors.md``, as ``thresholds.toml`` has it."""

from __future__ import annotations

import re
from pathlib import Path

from workbench.advisors.thresholds import Thresholds

PAGE = Path(__file__).parents[1] / "docs" / "advisors.md"
HEAD = "| threshold | value | what is held against it | why | source |\n|---|---|---|---|---|\n"


def main(page: Path = PAGE) -> None:
    known = Thresholds.default()
    rows = "".join(
        f"| `{name}` | {known[name]:g} | {told.about} | {told.reason} | {told.source} |\n"
        for name in known
        for told in [known.about(name)]
    )
    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub(re.escape(HEAD) + r"(\|.*\n)*", lambda _: HEAD + rows, text), encoding="utf-8")


if __name__ == "__main__":
    main()
