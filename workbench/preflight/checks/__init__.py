"""The checks: each looks at a table through what is known of it and what was seen of it, and tells what it finds."""
