"""The rich profile of a table: computed by a process of its own, told part by part, kept in a file beside the table."""

from workbench.data.profile.asking import ask, follow
from workbench.data.profile.parts import Part
from workbench.data.profile.profile import Profile

__all__ = ["Part", "Profile", "ask", "follow"]
