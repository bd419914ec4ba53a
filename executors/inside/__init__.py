"""The server in a container: its modules are sent there, nothing of ours is installed (see `sending`)."""
