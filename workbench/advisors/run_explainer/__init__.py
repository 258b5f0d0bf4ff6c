"""The run explainer: what won, by how much, whether that matters, and where the winner errs."""
