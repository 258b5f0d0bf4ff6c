"""Measures of a fitted pipeline on rows that it did not learn from, and of how new rows differ from others."""
