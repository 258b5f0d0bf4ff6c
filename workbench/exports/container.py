"""A folder that an image is built from; the image answers as a deployment does."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.exports.contents import Contents
from workbench.exports.requirements import CONSTRAINTS, REQUIREMENTS, SERVES
from workbench.training.variables import TRAINING_ENVIRONMENT

SERVER, PREDICTOR = "workbench.server.standalone", "workbench.server.standalone_predictor"
MODEL = "model"
PORT = 8080
_USER, _USER_ID = "predictor", 10001

_DOCKERFILE = """\
ARG BASE=python:{python}-slim
FROM ${{BASE}}

# LightGBM needs the OpenMP runtime, which slim images lack.
RUN apt-get update \\
    && apt-get install --yes --no-install-recommends libgomp1 \\
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid {user_id} --create-home {user}

WORKDIR /app
COPY {requirements} {constraints} ./
RUN pip install --no-cache-dir --requirement {requirements}
COPY workbench workbench
COPY {model} {model}

ENV {variables}
USER {user}

# What does not load, or does not answer its own sample, does not become an image; what is compiled stays compiled.
RUN ["python", "-m", "{predictor}", "{model}"]

EXPOSE {port}
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \\
    CMD python -c "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health')"
CMD ["python", "-m", "{server}", "{model}", "--host", "0.0.0.0"]
"""

_README = """\
# {name}

{model_name}, exported from Workbench {workbench} to run by itself.

```sh
docker build --tag {tag} .                 # --build-arg BASE=… takes another base image, of Python {python}
docker run --publish {port}:{port} {tag}
curl http://127.0.0.1:{port}/predict -H 'Content-Type: application/json' -d '{body}'
```

`POST /predict` takes and answers what the deployment's own address does, `/api/v1/deployments/{slug}/predict` too:
`{{"rows": [{{…}}, …]}}` gives `{{"deployment_id", "endpoint_slug", "predictions": [{{"index", "prediction", "score"}}],
"latency_ms", "request_id"}}`, and errors are problem details (RFC 9457) with a `code`. A request has at most {rows:,}
rows. `GET /health` says that the server lives, `GET /ready` that it can predict; it listens on the port that `PORT`
names. What `card.md` says of the model holds here too.

Whoever reaches the port can ask: there are no keys here, so put what lets callers in before it. The files under
`{model}` are verified against the SHA-256 in `{model}/manifest.json` before anything is unpickled, and unpickling
carries out what is in them: build from a folder that you trust.

`{requirements}` names what it needs, at the versions of the environment that trained it, and `{constraints}` those
of whatever that needs in turn; only what is needed is installed.
"""


def write(contents: Contents, folder: Path) -> None:
    """Write the context: the pipeline under ``model``, the server beside it, and how to build an image of both."""
    contents.write_model(folder / MODEL)
    contents.write_code(folder, [SERVER])
    required = contents.environment.pinned(contents.distributions(*SERVES))
    texts = {
        REQUIREMENTS: "\n".join([f"-c {CONSTRAINTS}", *required]),
        CONSTRAINTS: "\n".join(contents.environment.constraints()),
        "Dockerfile": _dockerfile(contents),
        "README.md": _readme(contents),
        "card.md": contents.card,
    }
    for name, text in texts.items():
        (folder / name).write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def _dockerfile(contents: Contents) -> str:
    variables = {
        "PORT": str(PORT),
        "PYTHONUNBUFFERED": "1",
        "NUMBA_CACHE_DIR": f"/home/{_USER}/.cache/numba",
        **TRAINING_ENVIRONMENT,
    }
    return _DOCKERFILE.format(
        python=contents.environment.minor,
        user=_USER,
        user_id=_USER_ID,
        requirements=REQUIREMENTS,
        constraints=CONSTRAINTS,
        model=MODEL,
        server=SERVER,
        predictor=PREDICTOR,
        port=PORT,
        variables=" \\\n    ".join(f"{name}={value}" for name, value in variables.items()),
    )


def _readme(contents: Contents) -> str:
    manifest = contents.manifest
    tag = manifest.slug.lower().replace(" ", "-")
    body = json.dumps({"rows": contents.sample[:1] or [{}]}).replace("'", "'\\''")
    return _README.format(
        name=manifest.slug,
        model_name=manifest.model_name,
        workbench=manifest.workbench,
        python=contents.environment.minor,
        tag=tag,
        port=PORT,
        body=body,
        slug=manifest.slug,
        rows=manifest.limits.rows,
        model=MODEL,
        requirements=REQUIREMENTS,
        constraints=CONSTRAINTS,
    )
