"""What cannot be done is refused in one clear sentence, where the user is looking, and leaves nothing behind."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.pages import Panels
from tests.browser.servers import eventually, holds_no_tables
from tests.browser.tables import customers
from workbench import Workbench

pytestmark = pytest.mark.browser

Table = Callable[..., Path]


def png() -> bytes:
    """Make the smallest picture there is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\xff\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


CODE = re.compile(r"Traceback|Error\b|Exception|\bNone\b|<class")


def says_one_clear_sentence(panels: Panels, region: Locator, about: str) -> None:
    alert = panels.error(region)
    expect(alert).to_contain_text(about)
    words = alert.locator("span").inner_text()
    assert words.endswith(".") and len(words) < 300 and not CODE.search(words), words


@pytest.mark.parametrize(
    ("name", "content", "about"),
    [
        pytest.param("nothing.csv", b"", "empty", id="an empty file"),
        pytest.param("header.csv", b"a,b,c\n", "no rows", id="a header only"),
        pytest.param("picture.csv", png(), "not", id="a picture"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence_and_leaves_nothing(
    panels: Panels, home: Workbench, table: Table, tmp_path: Path, name: str, content: bytes, about: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    panels.upload(path)
    says_one_clear_sentence(panels, panels.data, about)
    holds_no_tables(home)
    panels.picture(f"6-{path.stem}.png")

    panels.upload(table(100))
    expect(panels.data.locator(".wb-source strong")).to_have_text("customers")
    expect(panels.error(panels.data)).to_be_hidden()


def test_a_request_that_cannot_work_is_refused_in_one_sentence_and_can_be_mended(
    panels: Panels, home: Workbench, tmp_path: Path
) -> None:
    frame = customers(120)
    frame["country"] = "NZ"
    frame.to_csv(tmp_path / "one_country.csv", index=False)
    panels.upload(tmp_path / "one_country.csv")
    launch = panels.launch

    launch.get_by_label("Target").select_option("country")
    panels.press_launch()
    says_one_clear_sentence(panels, launch, "always the same")
    panels.picture("6-constant.png")

    launch.get_by_label("Target").select_option("churned")
    launch.get_by_label("Folds").fill("1")
    panels.press_launch()
    says_one_clear_sentence(panels, launch, "2")
    launch.get_by_label("Folds").fill("3")

    launch.get_by_text("Models: all 14 fast ones").click()
    launch.get_by_role("button", name="None").click()
    panels.press_launch()
    says_one_clear_sentence(panels, launch, "model")
    assert home.runs.list() == []

    launch.get_by_label("Naive Bayes").check()
    panels.press_launch()
    expect(panels.error(launch)).to_be_hidden()
    expect(panels.status).to_have_text("succeeded", timeout=60_000)
    eventually(lambda: panels.models() == ["nb"], "the board of the run")
    launch.get_by_text("Models: 1 chosen").click()
