"""Users, the workspaces they are members of, and the keys they gave out."""
