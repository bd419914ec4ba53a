import pytest

from team import CRUDGenerator
from team.errors import SpecError


def test_a_spec_that_makes_no_sense_starts_no_session() -> None:
    with pytest.raises(SpecError, match=r"fields\[0\]\.type: 'strng' is not allowed; did you mean 'string'"):
        CRUDGenerator().generate_crud_module({"name": "A", "fields": [{"name": "x", "type": "strng"}]})
