from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = {
    "test_skips.py": """
        import pytest

        def test_lacks_a_browser():
            pytest.skip("missing: chromium")

        @pytest.mark.skipif(True, reason="missing: a server")
        def test_lacks_a_server():
            pass

        @pytest.mark.skip(reason="not on this platform")
        def test_is_elsewhere():
            pass
    """,
    "test_module.py": """
        import pytest

        pytest.importorskip("no_such_library", reason="missing: no_such_library")
    """,
}


def outcome(folder: Path, monkeypatch: pytest.MonkeyPatch, strict: str) -> str:
    monkeypatch.setenv("WORKBENCH_TEST_STRICT", strict)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    shutil.copy(Path(__file__).parent / "conftest.py", folder / "conftest.py")
    for name, text in TESTS.items():
        lines = [line.removeprefix("        ") for line in text.splitlines()]
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout.splitlines()[-1]


def test_what_is_missing_skips_by_default(tmp_path, monkeypatch):
    assert outcome(tmp_path, monkeypatch, "0").startswith("4 skipped")


def test_what_is_missing_fails_where_strictness_is_asked_for(tmp_path, monkeypatch):
    assert outcome(tmp_path, monkeypatch, "1").startswith("1 failed, 1 skipped, 2 errors")
