"""How far rows of today are from those that a pipeline learned from."""
