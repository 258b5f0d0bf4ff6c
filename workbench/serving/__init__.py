"""Deployments: their life in the store, the way from a request to a predictor's answer, and what is counted of it."""
