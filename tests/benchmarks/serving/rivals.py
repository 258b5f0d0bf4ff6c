"""The other servers: MLflow's on the same pipeline, PyCaret's generated API, and FastAPI that answers nothing.

Called as ``python rivals.py NAME FOLDER PORT`` in the environment that the server needs, it serves; the rest of the
module is for whoever calls it so.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_S = 180


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes
    ----------
    body
        What it takes for one row, JSON.
    """

    name: str
    port: int
    path: str
    body: str

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until it answers what it will be asked."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.port}{self.path}", self.body.encode(), {"Content-Type": "application/json"}
            )
            try:
                with urllib.request.urlopen(request, timeout=30) as response:
                    response.read()
                    return
            except urllib.error.HTTPError as error:
                sys.exit(f"{self.name} answers {error.code}: {error.read().decode()[:500]}")
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"{self.name} does not come to answer")
                time.sleep(0.1)


def environment(requirements: str, cache: Path) -> Path:
    """Build MLflow's environment once, with the versions that the run had; return its interpreter.

    Parameters
    ----------
    requirements
        What to install, in the format of ``pip install -r``.
    cache
        Folder of such environments.
    """
    uv = shutil.which("uv") or sys.exit("uv is not on PATH: it builds MLflow's environment")
    folder = cache / hashlib.sha256(requirements.encode()).hexdigest()[:12]
    python = folder / "bin" / "python"
    if not (folder / "whole").exists():
        print(f"building MLflow's environment in {folder}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        for command in (
            [uv, "venv", "--quiet", "--python", f"{sys.base_prefix}/bin/python3", str(folder)],
            [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), "-r", "-"],
        ):
            subprocess.run(command, input=requirements, text=True, check=True)
        (folder / "whole").touch()
    return python


@contextmanager
def serving(
    pipeline: Path, row: dict[str, Any], task: str, python: Path | None, folder: Path
) -> Iterator[list[Server]]:
    """Serve a pickled pipeline in each way, all at once; None for MLflow's interpreter: not by MLflow."""
    from tests.benchmarks.theirs import ONE_THREAD

    split = {"dataframe_split": {"columns": list(row), "data": [list(row.values())]}}
    asked = {
        "an empty FastAPI": (Path(sys.executable), "empty", "/predict", {"rows": [row]}),
        "PyCaret's API": (Path(sys.executable), "pycaret", "/predict", row),
    }
    if python is not None:
        asked["MLflow"] = (python, "mlflow", "/invocations", split)
    (folder / "asked.json").write_text(json.dumps({"pipeline": str(pipeline), "row": row, "task": task}))
    with ExitStack() as stack:
        started = []
        for name, (interpreter, kind, path, body) in asked.items():
            server = Server(name, _free_port(), path, json.dumps(body))
            process = subprocess.Popen(
                [str(interpreter), __file__, kind, str(folder), str(server.port)],
                cwd=folder,
                env=os.environ | ONE_THREAD | {"PYCARET_CUSTOM_LOGGING_PATH": os.devnull},
                stdout=(folder / f"{kind}.log").open("w"),
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            stack.callback(_end, process)
            started.append((server, process))
        for server, process in started:
            server.wait(process)
        yield [server for server, _ in started]


def _end(process: subprocess.Popen[bytes]) -> None:
    # MLflow starts its server as a child.
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def empty(_: Mapping[str, Any], __: Path, port: int) -> None:
    """Serve the limit: what FastAPI takes to answer nothing."""
    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/predict")
    async def predict() -> dict[str, str]:
        return {}

    uvicorn.run(app, port=port, log_level="warning", access_log=False)


def pycaret(asked: Mapping[str, Any], folder: Path, port: int) -> None:
    """Serve what PyCaret's ``create_api`` writes, line for line, but that it names types as pydantic 2 wants them."""
    import importlib

    import joblib
    import pandas as pd
    import uvicorn
    from fastapi import FastAPI
    from pydantic import create_model

    functions = importlib.import_module(f"pycaret.{asked['task']}")
    joblib.dump(pickle.loads(Path(asked["pipeline"]).read_bytes()), folder / "api.pkl")
    app = FastAPI()
    model = functions.load_model(str(folder / "api"))
    input_model = create_model("api_input", **{name: (type(value), value) for name, value in asked["row"].items()})
    first = model.predict(pd.DataFrame([asked["row"]]))[0]
    output_model = create_model("api_output", prediction=(str if isinstance(first, str) else type(first.item()), ...))

    def predict(data):
        data = pd.DataFrame([data.dict()])
        predictions = functions.predict_model(model, data=data)
        return {"prediction": predictions["prediction_label"].iloc[0]}

    predict.__annotations__["data"] = input_model
    app.post("/predict", response_model=output_model)(predict)
    uvicorn.run(app, host="127.0.0.1", port=port)


def mlflow(asked: Mapping[str, Any], folder: Path, port: int) -> None:
    """Serve the pipeline as a scikit-learn model by MLflow's own command."""
    import mlflow.sklearn
    import pandas as pd
    from mlflow.models import infer_signature

    model = folder / "mlflow"
    pipeline = pickle.loads(Path(asked["pipeline"]).read_bytes())
    rows = pd.DataFrame([asked["row"]])
    signature = infer_signature(rows, pipeline.predict(rows))
    mlflow.sklearn.save_model(
        pipeline, model, signature=signature, serialization_format="cloudpickle", pip_requirements=["pycaret"]
    )
    command = ["-m", "mlflow", "models", "serve", "--model-uri", str(model), "--port", str(port)]
    # Its command looks for uvicorn on the path.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    arguments = [sys.executable, *command, "--env-manager", "local"]
    os.execve(sys.executable, arguments, os.environ | {"PATH": path})


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[2], "asked.json").read_text())
    {"empty": empty, "pycaret": pycaret, "mlflow": mlflow}[sys.argv[1]](told, Path(sys.argv[2]), int(sys.argv[3]))
