"""Data sources: named, content-hashed tables. Nothing here imports pandas before a table is read."""
