"""What a drafted pipeline must make of its sample rows: the examples in its tests."""

from __future__ import annotations

from typing import Any

from team.pipelines.columns import Layout
from team.pipelines.reference import Carried, carry, greatest
from team.pipelines.samples import Samples, Table
from team.pipelines.texts import text_of
from team.specs.pipeline import PipelineSpec


class Expected:
    """Sample tables, dirty rows, and what becomes of them."""

    def __init__(self, spec: PipelineSpec, layout: Layout, samples: Samples) -> None:
        self._spec = spec
        self._layout = layout
        self.tables = samples.tables(5)
        self.later = samples.tables(8)[0][5:]
        """Rows that come after the first ones."""
        self.dirty = samples.dirty(30)

    @property
    def rows(self) -> Table:
        """The source's good rows."""
        return self.tables[0]

    @property
    def loaded(self) -> list[dict[str, Any]]:
        """What reaches the destination of the good rows."""
        return self._carried(self.rows).rows

    @property
    def plain(self) -> list[dict[str, str]]:
        """The same as text, to compare whatever a destination makes of types."""
        return [{name: text_of(value) for name, value in row.items()} for row in self.loaded]

    @property
    def bad(self) -> int:
        """How many of the dirty rows are bad, when they follow the good ones."""
        return len(self._carried([*self.rows, *self.dirty]).tally.bad)

    @property
    def with_dirty(self) -> int:
        """How many rows reach the destination when the dirty ones follow the good ones."""
        return len(self._carried([*self.rows, *self.dirty]).rows)

    @property
    def together(self) -> int:
        """How many rows the good ones and the later ones give together."""
        return len(self._carried([*self.rows, *self.later]).rows)

    @property
    def mark(self) -> Any:
        """The greatest value of the incremental column among the good rows; None without one."""
        if self._spec.incremental is None:
            return None
        return greatest(self.loaded, self._spec.incremental.column)

    def _carried(self, rows: Table) -> Carried:
        return carry(self._spec, self._layout, {**self.tables, 0: rows})
