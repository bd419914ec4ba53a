"""Generating again into a folder that people have worked in since: their edits stay, nothing is lost."""

from __future__ import annotations

from team.regeneration.manifest import KINDS, Manifest, read_manifest
from team.regeneration.outcome import Conflict, Regeneration
from team.regeneration.regenerate import check_output, regenerate

__all__ = [
    "KINDS",
    "Conflict",
    "Manifest",
    "Regeneration",
    "check_output",
    "read_manifest",
    "regenerate",
]
