"""``python -m workbench.narrating ID TOKEN``: have a language model tell what a consultation found, and store it.

It goes on by itself, and whoever started it has it back at once: what is paid for is kept whoever dies.
"""

import os
import sys

if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    from workbench.narrating.errand import narrate_stored

    narrate_stored(sys.argv[1], sys.argv[2])
