"""What to build: specs, validated at the door."""

from team.specs.base import Kind, Spec
from team.specs.endpoint import ApiSpec, EndpointSpec
from team.specs.entity import CrudSpec, EntitySpec, Relationship, Rule
from team.specs.expressions import Expression, ExpressionError
from team.specs.fields import FieldSpec
from team.specs.load import KINDS, load_spec
from team.specs.pipeline import CheckSpec, DestinationSpec, PipelineSpec, SourceSpec
from team.specs.task import Example, ProblemSpec, TaskSpec

__all__ = [
    "KINDS",
    "ApiSpec",
    "CheckSpec",
    "CrudSpec",
    "DestinationSpec",
    "EndpointSpec",
    "EntitySpec",
    "Example",
    "Expression",
    "ExpressionError",
    "FieldSpec",
    "Kind",
    "PipelineSpec",
    "ProblemSpec",
    "Relationship",
    "Rule",
    "SourceSpec",
    "Spec",
    "TaskSpec",
    "load_spec",
]
