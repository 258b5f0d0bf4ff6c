"""``python -m workbench.server FD``: serve the API on a socket that the service bound."""

from __future__ import annotations

import os
import sys

import uvicorn

from workbench.server.app import make_app
from workbench.workbench import connect

if __name__ == "__main__":
    app = make_app(connect(), os.environ.pop("WORKBENCH_API_TOKEN"))
    uvicorn.run(app, fd=int(sys.argv[1]), log_level="warning", access_log=False)
