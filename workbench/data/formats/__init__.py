"""What a table's bytes may be: text, columns, a workbook, lines of JSON, packed or not; each read as record batches."""
