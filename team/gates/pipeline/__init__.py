"""The pipeline gate: a pipeline is run on rows of ours, and what arrives is compared with what must."""
