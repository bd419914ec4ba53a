"""ETL pipelines from pipeline specs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from team.generators.base import Generator
from team.result import GenerationResult

Part = str | Mapping[str, Any]


class DataPipelineGenerator(Generator):
    """Makes ETL pipelines; the team's checks decide whether they are accepted."""

    def generate_etl_pipeline(
        self, source: Part, transformations: str | Sequence[Part], destination: Part, **more: Any
    ) -> GenerationResult:
        """A pipeline from `source` through `transformations` to `destination`, each prose or structured.

        Args:
            source: where rows come from.
            transformations: what happens to them, in order.
            destination: where they go.
            more: further keys of a pipeline spec, such as ``name``, ``checks`` or ``incremental``.

        Raises:
            SpecError: the spec does not say what to build.
            ConfigError: the settings are wrong, or there is no model to ask.
        """
        steps = [transformations] if isinstance(transformations, str) else list(transformations)
        spec = {"source": source, "transformations": steps, "destination": destination, **more}
        return self._generate("etl", spec)
