"""Runs: what is asked for, the queue, the event log, the scores."""
