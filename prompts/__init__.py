"""What the roles are told, and what drafts are written from."""
