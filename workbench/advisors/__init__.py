"""Six advisors: evidence in, advice out. They know no store, look at no row, and ask nobody."""
