"""The machine learning: a table and a request in, a stream of updates out. Nothing else imports PyCaret."""
