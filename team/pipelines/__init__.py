"""What a pipeline spec means: its steps, its columns, and what becomes of given rows."""

from team.pipelines.columns import Columns, Layout, layout_of
from team.pipelines.formulas import Formula
from team.pipelines.steps import Step, steps_of

__all__ = ["Columns", "Formula", "Layout", "Step", "layout_of", "steps_of"]
