"""The `devteam` command: parses and prints, decides nothing."""
