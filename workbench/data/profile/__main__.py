"""``python -m workbench.data.profile DESCRIPTOR …``: detach, then write the files that are open there."""

from __future__ import annotations

import os

# First of all, so that whoever asks for a profile waits for no import but the interpreter's own.
if __name__ == "__main__" and os.fork():
    os._exit(0)

import sys

from workbench.data.profile import writing

if __name__ == "__main__":
    for argument in sys.argv[1:]:
        writing.write(int(argument))
