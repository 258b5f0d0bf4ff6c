"""Where tables come from: files, databases, object stores, memory."""

from workbench.data.origins.naming import named, of

__all__ = ["named", "of"]
