"""ETL pipelines from pipeline specs."""

from team.generators.etl.draft import EtlDraft
from team.generators.etl.generator import DataPipelineGenerator

__all__ = ["DataPipelineGenerator", "EtlDraft"]
