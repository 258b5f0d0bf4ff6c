"""A run as a notebook of plain PyCaret calls that gives the same numbers, and the environment that it takes."""

from workbench.runs.reproduce.notebook import Evidence, reproduce
from workbench.runs.reproduce.reproduction import Reproduction, Table, stem

__all__ = ["Evidence", "Reproduction", "Table", "reproduce", "stem"]
