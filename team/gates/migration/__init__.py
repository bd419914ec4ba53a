"""The migration gate: migrations are run up and down over rows, and compared with the models."""
