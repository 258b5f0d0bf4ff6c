"""Promoted pipelines, the aliases that name them, and how one takes over from another."""
