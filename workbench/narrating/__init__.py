"""The language model: it tells what an advisor found, on the same evidence, and is never the source of a fact."""
