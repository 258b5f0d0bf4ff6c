"""The only meeting point: the database and the artifact store."""
