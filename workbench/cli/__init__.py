"""The command line: ``workbench …``."""

from workbench.cli.main import main

__all__ = ["main"]
