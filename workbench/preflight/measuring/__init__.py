"""What is measured of a table's rows: in a child process where the table is large, never while a kernel imports."""
