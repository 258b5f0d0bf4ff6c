"""The HTTP face: routes over the facade, errors as problem details."""
