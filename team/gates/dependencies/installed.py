"""What is installed for an interpreter, read from its folders; none of it is imported or run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from executors.interpreter import Interpreter

_SUFFIXES = (".py", ".so", ".pyd")
_LICENSED_AS = "License :: "


@dataclass(frozen=True)
class Distribution:
    """One installed package: the name it is installed by, the modules it brings, its licence, what it needs.

    `needs` are canonical names, without those that only an extra needs.
    """

    name: str
    modules: frozenset[str]
    licence: str
    needs: frozenset[str]


@dataclass(frozen=True)
class Installed:
    """What an interpreter can import beside the standard library."""

    folders: tuple[Path, ...]
    modules: frozenset[str]
    distributions: Mapping[str, Distribution] = field(repr=False)

    def has(self, dotted: str) -> bool:
        """Whether a module can be found: its first name, and below folders without code the next ones."""
        first, *rest = dotted.split(".")
        if first not in self.modules:
            return False
        places = [place for folder in self.folders if (place := folder / first).is_dir()]
        if not places or any(_is_module(folder, first) for folder in self.folders):
            return True
        return not rest or any(_holds(place, rest) for place in places)

    def providers(self, module: str) -> list[Distribution]:
        """The packages that bring a top-level module."""
        return [one for one in self.distributions.values() if module in one.modules]


def installed_for(interpreter: Interpreter) -> Installed:
    """What is installed for the interpreter."""
    folders = tuple(package_folders(interpreter))
    return _read(folders, tuple(folder.stat().st_mtime_ns for folder in folders))


def package_folders(interpreter: Interpreter) -> Iterator[Path]:
    """The folders of installed packages: of its virtual environment alone, unless that shares the base's."""
    version = "python" + ".".join(interpreter.version.split(".")[:2])
    home = interpreter.executable.parent.parent
    prefixes: Iterable[Path] = interpreter.prefixes
    if (home / "pyvenv.cfg").is_file() and not _shares(home / "pyvenv.cfg"):
        prefixes = [home]
    seen: set[Path] = set()
    for prefix in prefixes:
        for part in ("lib", "lib64", "local/lib"):
            for tail in (f"{version}/site-packages", f"{version}/dist-packages", "python3/dist-packages"):
                folder = prefix / part / tail
                if folder.is_dir() and folder.resolve() not in seen:
                    seen.add(folder.resolve())
                    yield folder


def canonical(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _shares(settings: Path) -> bool:
    text = settings.read_text(encoding="utf-8", errors="replace")
    return re.search(r"(?im)^include-system-site-packages\s*=\s*true", text) is not None


@lru_cache(maxsize=8)
def _read(folders: tuple[Path, ...], changed: tuple[int, ...]) -> Installed:
    """Read anew whenever a folder changed."""
    linked = tuple(place for folder in folders for place in _linked(folder))
    everywhere = (*folders, *linked)
    modules = {name for folder in everywhere for name in _modules(folder)}
    modules |= {name for folder in folders for name in _mapped(folder)}
    return Installed(everywhere, frozenset(modules), _distributions(folders))


def _modules(folder: Path) -> Iterator[str]:
    """The top-level modules that lie in a folder."""
    for entry in folder.iterdir():
        name = entry.name.split(".")[0]
        if not name.isidentifier():
            continue
        if entry.suffix in _SUFFIXES or (entry.is_dir() and "." not in entry.name):
            yield name


def _linked(folder: Path) -> Iterator[Path]:
    """The folders that path files add, as installations in editable form do."""
    for file in sorted(folder.glob("*.pth")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            place = folder / line.strip()
            if line.strip() and not line.startswith(("#", "import ", "import\t")) and place.is_dir():
                yield place


def _mapped(folder: Path) -> Iterator[str]:
    """The modules of setuptools' editable finders, whose table is read and not run."""
    for file in sorted(folder.glob("__editable___*_finder.py")):
        table = re.search(r"^MAPPING[^=]*= (\{.*\})", file.read_text(errors="replace"), re.MULTILINE)
        try:
            yield from ast.literal_eval(table[1]) if table else ()
        except (ValueError, SyntaxError):
            continue


def _distributions(folders: Iterable[Path]) -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    for each in metadata.distributions(path=[str(folder) for folder in folders]):
        name = each.metadata["Name"]
        if name and canonical(name) not in found:
            needs = frozenset(_needs(each.requires or ()))
            found[canonical(name)] = Distribution(name, frozenset(_brings(each)), _licence(each), needs)
    return found


def _brings(each: metadata.Distribution) -> Iterator[str]:
    """The top-level modules of a distribution, by its own list and by its files."""
    yield from (each.read_text("top_level.txt") or "").split()
    for line in (each.read_text("RECORD") or "").splitlines():
        path = line.split(",")[0].strip('"')
        first, _, rest = path.partition("/")
        if first.endswith((".dist-info", ".data", ".pth")) or first in ("..", "__pycache__"):
            continue
        name = first.split(".")[0]
        if name.isidentifier() and (rest or first.endswith(_SUFFIXES)):
            yield name


def _needs(requirements: Iterable[str]) -> Iterator[str]:
    for line in requirements:
        named = re.match(r"[\w.-]+", line)
        if named and "extra ==" not in line:
            yield canonical(named[0])


def _licence(each: metadata.Distribution) -> str:
    """The licence as the package tells it: an expression, else its classifiers, else its words."""
    told = each.metadata
    classifiers = [line for line in told.get_all("Classifier") or [] if line.startswith(_LICENSED_AS)]
    listed = " AND ".join(line.rpartition(" :: ")[2] for line in classifiers)
    words = (told["License"] or "").strip().splitlines()
    return told["License-Expression"] or listed or (words[0][:80] if words else "")


def _is_module(folder: Path, name: str) -> bool:
    """Whether a name in a folder is a module by itself, and no folder that only holds others."""
    place = folder / name
    if (place / "__init__.py").is_file() or any(place.glob("__init__.*")):
        return True
    return any(folder.glob(f"{name}.*so")) or (folder / f"{name}.py").is_file()


def _holds(place: Path, names: list[str]) -> bool:
    """Whether a folder without code of its own holds a module of that name, or what lies below it."""
    first, *rest = names
    if first == "*" or _is_module(place, first):
        return True
    return (place / first).is_dir() and (not rest or _holds(place / first, rest))
