"""The rows of the constraint tables that the vendors' machine-readable models state, read from those models."""
