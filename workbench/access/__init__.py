"""Who acts, and what they may do: roles, permissions and scopes, as data."""
