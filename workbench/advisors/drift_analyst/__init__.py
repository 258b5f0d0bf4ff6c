"""The drift analyst: whether a deployment is still asked what its pipeline learned from."""
