"""Where Workbench lives and how far it may go: one typed object, read from the environment, passed by hand."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sys
from pathlib import Path
from typing import Any

from pydantic import ByteSize, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from workbench import drawn
from workbench.errors import BadRequest

MIB = 1024 * 1024
_FOLDERS = {"batch": "batches"}
_OF_ONE_USER = ("workspace", "project")
"""Settings that say where a user is at work, not how the home works."""
_SOCKET_FOLDER_MOST = 80
"""Longest path of a folder of sockets, in bytes: systems allow 104 or 108 for a socket's whole path."""
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


def _listed(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.split(",")) if part]


class Settings(BaseSettings):
    """Settings, each with a default and a ``WORKBENCH_…`` environment variable of the same name."""

    model_config = SettingsConfigDict(env_prefix="WORKBENCH_", frozen=True, extra="forbid")

    home: Path = Field(default=Path("~/.workbench"), description="Folder of everything that a run touches.")
    # Addresses may have passwords in them, and a representation ends in notebooks.
    database_url: str = Field(default="", repr=False, description="SQLAlchemy URL; empty: a SQLite file in the home.")
    artifact_url: str = Field(
        default="", repr=False, description="Folder or fsspec URL of artifacts; empty: a folder in the home."
    )
    workspace: str = Field(default="", description="Workspace to open; empty: the default one.")
    project: str = Field(default="", description="Project that runs are submitted to; empty: the default one.")
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
    api_host: str = Field(default="127.0.0.1", description="Address on which the service's HTTP API listens.")
    api_port: int = Field(
        default=0, ge=0, le=65535, description="Its port; 0: the one it had last where that is free, else any."
    )
    requests_per_minute: int = Field(
        default=6000, ge=0, description="Most requests in a minute by a member of a workspace, with all keys; 0: any."
    )
    address_requests_per_minute: int = Field(
        default=6000, ge=0, description="Most requests from one address in a minute that show nothing valid; 0: any."
    )
    request_body: ByteSize = Field(
        default=ByteSize(MIB), ge=1024, description="Largest body of a request that is JSON, in bytes or as 1MiB."
    )
    head_timeout_s: float = Field(
        default=10, gt=0, description="Longest that the head of a request may take to come, in seconds."
    )
    body_timeout_s: float = Field(
        default=30,
        gt=0,
        description="Longest that its body may take, in seconds, and a second more for each 4 KiB that have come.",
    )
    send_timeout_s: float = Field(
        default=60, gt=0, description="Longest that an answer waits for a reader that takes nothing of it, in seconds."
    )
    connections: int = Field(default=4096, ge=1, description="Most connections over TCP at once.")
    cors_origins: str = Field(
        default="",
        description="Origins whose pages may call the API, separated by commas, such as https://lab.example; "
        "empty: none.",
    )
    fetch_hosts: str = Field(
        default="",
        description="Hosts that are not public and from which tables are fetched all the same for those who come by a "
        "key, separated by commas; empty: none.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses of proxies that are believed who calls, separated by commas; empty: none is.",
    )
    api_certfile: Path | None = Field(default=None, description="Certificate of the API, as PEM; empty: no TLS.")
    api_keyfile: Path | None = Field(default=None, description="Its private key; empty: it is in the same file.")
    predict_rows: int = Field(default=10_000, ge=1, description="Most rows that one request may have predicted.")
    predict_body: ByteSize = Field(
        default=ByteSize(32 * MIB), ge=1024, description="Largest body of such a request, in bytes or as 32MiB."
    )
    predict_queue: int = Field(
        default=256, ge=1, description="Requests that may wait for one deployment; more are told to come again."
    )
    predict_timeout_s: float = Field(
        default=60, gt=0, description="Longest that a request waits for its answer, in seconds."
    )
    stream_stall_s: float = Field(
        default=60, gt=0, description="Longest that a reader of a run's events may read nothing, in seconds."
    )
    prediction_sample: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of the requests of which the rows are kept, for drift to be judged.",
    )
    prediction_rows: int = Field(default=20_000, ge=0, description="Most such rows that are kept of a deployment.")
    prediction_days: float = Field(
        default=30, gt=0, description="Longest that such a row, and what was counted in a minute, is kept, in days."
    )
    log_days: float = Field(
        default=30,
        gt=0,
        description="Longest that of a predictor, batch, evaluation or consultation that has ended the log is kept, "
        "in days.",
    )
    thresholds: Path | None = Field(
        default=None, description="TOML file with values for what advisors judge by; empty: the defaults alone."
    )
    llm_model: str = Field(
        default="",
        description="Language model that tells what advisors found, as openai:NAME or anthropic:NAME; empty: none.",
    )
    llm_url: str = Field(
        default="",
        repr=False,
        description="Where it answers, such as http://localhost:11434/v1; empty: the provider's own.",
    )
    llm_key_variable: str = Field(
        default="", description="Environment variable with its key; empty: OPENAI_API_KEY or ANTHROPIC_API_KEY."
    )
    llm_timeout_s: float = Field(default=60, gt=0, description="Longest that it is waited for, in seconds.")
    llm_retries: int = Field(default=2, ge=0, description="How often it is asked again whose answer does not fit.")
    llm_samples: bool = Field(
        default=False, description="Whether it is shown values of single cells; else aggregates alone."
    )
    service_idle_s: float = Field(default=8 * 3600, ge=1, description="The service stops after this long without work.")

    @field_validator("training_python", "thresholds", "api_certfile", "api_keyfile", mode="before")
    @classmethod
    def _none_where_empty(cls, value: Any) -> Any:
        return value or None

    @field_validator("home", "training_python", "thresholds", "api_certfile", "api_keyfile")
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

    @field_validator("cors_origins")
    @classmethod
    def _exact_origins(cls, origins: str) -> str:
        for origin in _listed(origins):
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin} is no origin: https://HOST or https://HOST:PORT, each by name")
        return origins

    @property
    def origins(self) -> list[str]:
        """Origins whose pages may call the API."""
        return _listed(self.cors_origins)

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
    def room(self) -> Path:
        """Where the runs of this home say what memory they will take."""
        return self.home / "room"

    @property
    def predictions(self) -> Path:
        """Files that batches left."""
        return self.home / "predictions"

    @property
    def training(self) -> Path:
        """Where `workbench training install` builds."""
        return self.home / "training"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def run_log(self, run_id: str) -> Path:
        """Where a run process's own output goes."""
        return self.process_log("run", run_id)

    def process_log(self, what: str, of: str) -> Path:
        """Where the output of a process goes that the service forked."""
        return self.logs / _FOLDERS.get(what, f"{what}s") / f"{of}.log"

    @property
    def sockets(self) -> Path:
        """Folder of Unix sockets: in the home, or where its path is too long in the system's temporary folder."""
        inside = self.home / "sockets"
        if len(os.fsencode(inside)) <= _SOCKET_FOLDER_MOST:
            return inside
        told = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        # Not where TMPDIR points: kernel and service may be told other folders, and must meet in one.
        return Path("/tmp") / f"workbench-{os.getuid()}-{told}"

    @property
    def api_socket(self) -> Path:
        """Where the HTTP API listens for those who may do all that the home's owner may."""
        return self.sockets / "api.sock"

    @property
    def identity(self) -> str:
        """Name of the home, drawn when it is first asked for: it stays where the home is moved or its machine renamed.

        It tells whose processes are whose where several services share one database.
        """
        return drawn.once(self.home / "identity", lambda: secrets.token_hex(16))

    @property
    def worker_count(self) -> int:
        if self.workers:
            return self.workers
        # Only Linux tells which processors this process may use.
        return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a process of the engine, which is at work in all workspaces."""
        values = (self.model_dump() | dict.fromkeys(_OF_ONE_USER, "")).items()
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
