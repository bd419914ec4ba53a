"""Print what to install to run on `autogen`, the maintained continuation, instead of `pyautogen`."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(__file__).parent.with_name("pyproject.toml").read_text())["project"]
wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
others = [requirement for requirement in wanted if not requirement.startswith(("pyautogen", "autogen"))]
sys.stdout.write("\n".join([*others, "autogen>=0.14.1"]) + "\n")
