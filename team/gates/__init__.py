"""The checks that decide what is accepted: one protocol, one file for each family."""
