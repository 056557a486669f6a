"""Clients of the APIs that list keys. `base` has the Protocol that a further provider has to meet."""
