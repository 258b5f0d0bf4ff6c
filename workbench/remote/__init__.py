"""The facade over HTTP: what `workbench.connect` gives where it is given an address."""

from workbench.remote.secret import given
from workbench.remote.workbench import Workbench, connect

__all__ = ["Workbench", "connect", "given"]
