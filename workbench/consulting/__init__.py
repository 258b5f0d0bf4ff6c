"""Consultations: what advisors were asked, what they were shown, and what they answered, in the store."""
