"""Who drafts which kind of spec, and from what was generated before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from team.generators.before import Before

if TYPE_CHECKING:
    from team.models.draft import Drafter
    from team.specs import Spec


def drafter_of(spec: Spec, output: Path | None = None) -> Drafter | None:
    """Who can draft a spec without a model; a template engine costs nothing until it is needed.

    Args:
        spec: what is to be built.
        output: the folder it is generated into; what was generated there before decides about migrations.

    Raises:
        ConfigError: the folder's manifest cannot be used.
        SpecError: no draft of the spec can be made.
    """
    from team.specs import ApiSpec, CrudSpec, PipelineSpec
    from team.specs.openapi import OpenApiSpec

    if isinstance(spec, ApiSpec | OpenApiSpec):
        from team.generators.api import ApiDraft

        return ApiDraft(spec, before_in(output))
    if isinstance(spec, PipelineSpec) and not isinstance(spec.source, str):
        from team.generators.etl import EtlDraft

        return None if isinstance(spec.destination, str) else EtlDraft(spec)
    if not isinstance(spec, CrudSpec):
        return None
    from team.generators.crud import CrudDraft

    return CrudDraft(spec, before_in(output))


def before_in(output: Path | None) -> Before | None:
    """What was generated into a folder the last time; None: nothing, or there is no folder.

    Raises:
        ConfigError: its manifest cannot be used.
        SpecError: this version cannot read the spec any more that it was generated from.
    """
    from team.regeneration.manifest import read_manifest
    from team.specs import load_spec

    manifest = None if output is None else read_manifest(output)
    if manifest is None:
        return None
    files = {path: content.decode("utf-8", "replace") for path, content in manifest.contents().items()}
    return Before(load_spec(manifest.kind, manifest.spec), files)
