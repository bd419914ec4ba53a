"""Alembic migrations from specs: tables as data, their differences, and revisions as source."""
