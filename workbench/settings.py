"""Where Workbench lives and how far it may go: one typed object, read from the environment, passed by hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from pydantic import ByteSize, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from workbench.errors import BadRequest

MIB = 1024 * 1024


class Settings(BaseSettings):
    """Settings, each with a default and a ``WORKBENCH_…`` environment variable of the same name."""

    model_config = SettingsConfigDict(env_prefix="WORKBENCH_", frozen=True, extra="forbid")

    home: Path = Field(default=Path("~/.workbench"), description="Folder of everything that a run touches.")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty: a SQLite file in the home.")
    artifact_url: str = Field(default="", description="Folder or fsspec URL of artifacts; empty: a folder in the home.")
    training_python: Path | None = Field(
        default=None, description="Interpreter that has PyCaret; empty: this one, else the one built in the home."
    )
    workers: int = Field(default=0, ge=0, description="Parallel units of one run; 0: one a processor.")
    concurrent_runs: int = Field(default=2, ge=1, description="Runs that may be under way at once.")
    upload_limit: int = Field(default=1024 * MIB, ge=1, description="Largest upload, in bytes.")
    column_limit: int = Field(default=2000, ge=2, description="Most columns a table may have.")
    run_timeout_s: float = Field(default=0, ge=0, description="Longest a run may take, in seconds; 0: no limit.")
    model_timeout_s: float = Field(
        default=0, ge=0, description="Longest a model may take over all its folds, in seconds; 0: no limit."
    )
    unit_memory: ByteSize = Field(
        default=ByteSize(0),
        description="Most memory a model may take on one fold, in bytes or as 2GiB; 0: an even share of what is free.",
    )
    executor: str = Field(default="local", description="Where units are computed: local, or dask://HOST:PORT.")
    service_idle_s: float = Field(default=8 * 3600, ge=1, description="The service stops after this long without work.")

    @field_validator("training_python", mode="before")
    @classmethod
    def _none_where_empty(cls, value: Any) -> Any:
        return value or None

    @field_validator("home", "training_python")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        # Not resolved: a virtual environment's interpreter is a link, and following it leaves the environment.
        return None if path is None else Path(os.path.abspath(path.expanduser()))  # noqa: PTH100

    @field_validator("database_url")
    @classmethod
    def _absolute_database(cls, url: str) -> str:
        # The service has a working folder of its own; a relative file would be another one there.
        scheme, found, path = url.partition(":///")
        if scheme.startswith("sqlite") and found and path and not path.startswith(("/", ":memory:", "file:")):
            return f"{scheme}:///{Path.cwd() / path}"
        return url

    @field_validator("artifact_url")
    @classmethod
    def _absolute_folder(cls, url: str) -> str:
        return str(Path.cwd() / url) if url and "://" not in url else url

    @property
    def database(self) -> str:
        """SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.home / 'workbench.db'}"

    @property
    def artifacts(self) -> str:
        """Folder or fsspec URL in force."""
        return self.artifact_url or str(self.home / "artifacts")

    @property
    def files(self) -> Path:
        """Uploaded tables."""
        return self.home / "data"

    @property
    def training(self) -> Path:
        """Where `workbench training install` builds."""
        return self.home / "training"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def run_log(self, run_id: str) -> Path:
        """Where a run process's own output goes."""
        return self.logs / "runs" / f"{run_id}.log"

    @property
    def worker_count(self) -> int:
        if self.workers:
            return self.workers
        # Only Linux tells which processors this process may use.
        return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a child process."""
        values = self.model_dump().items()
        return {f"WORKBENCH_{name.upper()}": "" if value is None else str(value) for name, value in values}


def load(**overrides: Any) -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    BadRequest
        ``settings.invalid`` when a value does not fit, naming the variable.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise BadRequest(
            "settings.invalid", f"WORKBENCH_{name.upper()} is not valid: {first['msg'].lower()}."
        ) from error
