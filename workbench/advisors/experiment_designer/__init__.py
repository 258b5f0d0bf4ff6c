"""The experiment designer: a goal in words and a table in, an experiment that can be launched out."""
