from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import BadRequest
from workbench.narrating.terms import terms
from workbench.settings import Settings

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "MY_KEY")
LOCAL = "http://localhost:11434/v1"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)


def _settings(tmp_path: Path, **changed: object) -> Settings:
    return Settings(home=tmp_path, **changed)


@pytest.mark.parametrize("model", ["gpt-4o", "openai:", ":gpt", "openai: gpt", "mystery:gpt"])
def test_a_model_that_is_not_well_formed_is_refused(tmp_path: Path, model: str) -> None:
    with pytest.raises(BadRequest) as raised:
        terms(_settings(tmp_path, llm_model=model, llm_url=LOCAL))
    assert raised.value.code == "settings.invalid"
    assert "WORKBENCH_LLM_MODEL" in raised.value.message


@pytest.mark.parametrize(
    "url", ["localhost:11434", "ftp://host/v1", "http://", "http://me:pw@host/v1", "http://h:x/v1"]
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadRequest) as raised:
        terms(_settings(tmp_path, llm_model="openai:gpt-4o", llm_url=url))
    assert raised.value.code == "settings.invalid"
    assert "pw" not in str(raised.value)


@pytest.mark.parametrize(
    ("model", "variable", "named"),
    [("openai:x", "", "OPENAI_API_KEY"), ("anthropic:x", "", "ANTHROPIC_API_KEY"), ("openai:x", "MY_KEY", "MY_KEY")],
)
def test_a_key_that_is_not_there_is_named(tmp_path: Path, model: str, variable: str, named: str) -> None:
    with pytest.raises(BadRequest) as raised:
        terms(_settings(tmp_path, llm_model=model, llm_key_variable=variable))
    assert raised.value.code == "advice.no_model"
    assert named in str(raised.value)


def test_no_model_is_told_with_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="WORKBENCH_LLM_MODEL") as raised:
        terms(_settings(tmp_path))
    assert raised.value.code == "advice.no_model"


def test_a_providers_own_key_goes_to_no_other_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-own")
    assert terms(_settings(tmp_path, llm_model="openai:gpt-4o")).key == "sk-own"
    assert terms(_settings(tmp_path, llm_model="openai:local", llm_url=LOCAL)).key == ""
    named = terms(_settings(tmp_path, llm_model="openai:x", llm_url=LOCAL, llm_key_variable="OPENAI_API_KEY"))
    assert named.key == "sk-own"
    assert "sk-own" not in repr(named)


def test_libraries_that_are_not_installed_are_named_with_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So an interpreter is told that there is no such module.
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    with pytest.raises(BadRequest, match=r"jupyter-workbench\[llm\]") as raised:
        terms(_settings(tmp_path, llm_model="openai:x", llm_url=LOCAL))
    assert raised.value.code == "advice.no_model"


def test_checking_terms_imports_no_library_of_a_provider(tmp_path: Path) -> None:
    code = (
        "import sys, workbench.workbench, workbench.narrating.terms as t; from workbench.settings import Settings;"
        f"t.check(Settings(home={str(tmp_path)!r}, llm_model='openai:x', llm_url={LOCAL!r}));"
        "print(*({'pydantic_ai', 'openai', 'anthropic'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""
