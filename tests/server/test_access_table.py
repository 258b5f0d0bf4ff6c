"""The page of who may what is what is declared."""

from __future__ import annotations

from pathlib import Path

from scripts import write_access


def test_the_page_is_what_is_declared(tmp_path: Path):
    page = tmp_path / "access.md"
    page.write_text(write_access.PAGE.read_text())
    write_access.main(page)
    assert page.read_text() == write_access.PAGE.read_text()
