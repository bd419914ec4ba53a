"""Services from endpoint specs and OpenAPI documents."""

from team.generators.api.draft import ApiDraft
from team.generators.api.generator import APIGenerator

__all__ = ["APIGenerator", "ApiDraft"]
