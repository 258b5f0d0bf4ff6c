"""Why a run failed, the line that matters, and a request that can be launched instead: text and facts, no libraries."""
