"""A software team made of AutoGen agents: the public names."""
