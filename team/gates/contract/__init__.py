"""The contract gate: what was built is asked from another process whether it does what the spec says."""
