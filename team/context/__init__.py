"""What is worth knowing of an existing codebase."""
