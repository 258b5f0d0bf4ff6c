"""The dataset analyst: what a table is good for as it is, and what mends it."""
