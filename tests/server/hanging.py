"""``python -m tests.server.hanging FOLDER SOCKET``: stands where a model's predictor does, and never answers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from workbench.serving import sockets

if __name__ == "__main__":
    folder, path = map(Path, sys.argv[1:])
    listener = sockets.listen(path)
    (folder / str(os.getpid())).touch()
    sys.stdin.buffer.read()
