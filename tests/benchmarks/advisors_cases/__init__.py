"""Cases of the advisors' bench: tables with a fault that is known, and clean twins of them."""
