"""Pipelines beyond this machine: folders that MLflow loads, and folders that an image is built from."""
