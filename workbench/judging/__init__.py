"""Two pipelines on the same rows: which is better, and whether that is more than noise. Knows no store."""
