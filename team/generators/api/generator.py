"""API endpoints from endpoint specs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from team.generators.base import Generator
from team.result import GenerationResult

if TYPE_CHECKING:
    from team.specs import ApiSpec


class APIGenerator(Generator):
    """Makes FastAPI endpoints; the team's checks decide whether they are accepted."""

    def generate_fastapi_endpoint(self, endpoint_spec: ApiSpec | Mapping[str, Any]) -> GenerationResult:
        """One endpoint, or several under ``endpoints``.

        Raises:
            SpecError: the spec does not say what to build.
            ConfigError: the settings are wrong, or there is no model to ask.
        """
        return self._generate("api", endpoint_spec)
