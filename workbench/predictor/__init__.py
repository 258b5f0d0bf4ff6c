"""A pickled pipeline and its schema in, rows checked and predicted fast. It knows neither store nor deployments."""
