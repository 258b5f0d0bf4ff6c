"""What advisors judge by is data that people can read and change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.advisors.thresholds import DEFAULTS, Thresholds
from workbench.errors import BadRequest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "advisors.md"


def test_each_has_a_reason_and_a_source():
    known = Thresholds.default()
    for name in known:
        about = known.about(name)
        assert about.about and about.reason and about.source, name


def test_the_page_shows_every_one_as_it_is():
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(), re.M)
    known = Thresholds.default()
    assert {name: float(value) for name, value, *_ in rows} == dict(known)
    for name, _, *told in rows:
        about = known.about(name)
        assert [text.strip() for text in told] == [about.about, about.reason, about.source]


def test_every_one_is_used_by_a_rule():
    rules = "\n".join(path.read_text() for path in (ROOT / "workbench").rglob("*.py"))
    assert [name for name in Thresholds.default() if f'"{name}"' not in rules] == []


def test_a_file_of_a_home_changes_some(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[drift]\npsi_retrain = 0.5\n\n[drift.psi_monitor]\nvalue = 0.2\n")
    changed = Thresholds.load(path)
    assert (changed["drift.psi_retrain"], changed["drift.psi_monitor"]) == (0.5, 0.2)
    assert changed["drift.psi_investigate"] == Thresholds.default()["drift.psi_investigate"]
    assert changed.about("drift.psi_retrain").source == "mine.toml"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("[drift]\npsi_retrian = 0.5\n", "Did you mean drift.psi_retrain?", id="another name"),
        pytest.param('[drift]\npsi_retrain = "high"\n', "is no number", id="a text"),
        pytest.param("[drift]\npsi_retrain = true\n", "is no number", id="a truth"),
        pytest.param("psi_retrain = 0.5\n", "which is no threshold", id="no group"),
        pytest.param("[drift\n", "cannot be read", id="no toml"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_a_sentence(tmp_path, text, words):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(BadRequest, match=re.escape(words)) as caught:
        Thresholds.load(path)
    assert caught.value.code == "settings.invalid"


def test_a_file_that_is_not_there_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(BadRequest, match=r"cannot be read"):
        Thresholds.load(tmp_path / "none.toml")


def test_the_defaults_travel_with_the_package():
    assert DEFAULTS.is_file()
