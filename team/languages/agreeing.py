"""One language for a problem and for the settings of its session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from team.errors import ConfigError
from team.languages.table import LANGUAGES, PYTHON, find_language
from team.specs.task import ProblemSpec

if TYPE_CHECKING:
    from team.config import CodeGenerationConfig
    from team.specs import Spec


def agreed(spec: Spec, config: CodeGenerationConfig) -> tuple[Spec, CodeGenerationConfig]:
    """Both with the language of the problem: what it says itself, else what the settings say.

    Raises:
        ConfigError: the settings name a language in which solutions are not judged.
    """
    if not isinstance(spec, ProblemSpec):
        return spec, config
    if "language" not in spec.model_fields_set:
        try:
            language = find_language(config.language)
        except KeyError:
            raise ConfigError(
                f"solutions in {config.language} are not judged", f"the languages are {', '.join(LANGUAGES)}"
            ) from None
        spec = spec.model_copy(update={"language": language.name if language else PYTHON})
    return spec, config.model_copy(update={"language": spec.language})
