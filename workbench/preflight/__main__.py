"""``python -m workbench.preflight``: a job as JSON comes in, what was seen as JSON goes out."""

import sys

from workbench.preflight.asking import serve

if __name__ == "__main__":
    sys.stdout.write(serve(sys.stdin.read()))
