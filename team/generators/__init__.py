"""From a structured spec to software."""
