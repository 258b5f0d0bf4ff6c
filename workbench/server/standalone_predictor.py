"""``python -m workbench.server.standalone_predictor FOLDER [SOCKET]``: an exported model in a process of its own.

It answers whoever connects to the socket until its standard input ends; without a socket it only finds out whether it
could. This module travels with the model.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.exports import manifest
from workbench.serving import sockets
from workbench.serving.answering import Answering, serve


def main(folder: str, socket: str | None = None) -> int:
    """Load the model, and answer where there is a socket to answer on; return the exit code."""
    try:
        loaded = manifest.load(Path(folder))
        if loaded.sample:
            loaded.predictor.predict(loaded.predictor.schema.read(loaded.sample))
        if socket is None:
            return 0
        listener = sockets.listen(Path(socket))
    except WorkbenchError as error:
        print(error, file=sys.stderr)
        return 1
    # What is there by now stays: it need not be looked through again and again.
    gc.collect()
    gc.freeze()
    never, _ = os.pipe()
    serve(Answering(loaded.predictor, rows_most=loaded.manifest.limits.rows), listener, sys.stdin.fileno(), never)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
