"""From whatever a table comes as to the one form in which it is kept: Parquet, with the facts of each column."""
