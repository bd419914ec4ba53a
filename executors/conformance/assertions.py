"""Makes failing asserts of the suite say what they saw, as those of test modules do.

Comes, by its name, before the modules that it is about: they must not have been imported yet.
"""

import pytest

MODULES = ("confinement", "limits", "running", "seam", "surface")

pytest.register_assert_rewrite(*(f"{__package__}.{name}" for name in MODULES))
