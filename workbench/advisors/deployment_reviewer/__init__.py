"""The deployment reviewer: whether a pipeline is fit to answer, by documented rules."""
