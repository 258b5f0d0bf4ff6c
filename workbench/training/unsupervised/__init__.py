"""Clustering and anomaly detection."""
