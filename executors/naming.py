"""How a fenced block says which file it is: by its first line, its info string, or the line above it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_LONGEST = 1000  # characters of a line or info string that may name a file; a longer one is something else


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EXTENSIONS = _words(
    "bash bat c cc cfg cjs clj conf cpp cs css csv cu dart dockerfile env ex exs fish fs go gql gradle "
    "graphql h hpp hs htm html ini ipynb j2 java jinja jinja2 jl js json json5 jsonl jsx kt kts less "
    "lock lua m mako md mdx mjs mk ml php pl properties proto ps1 py pyi pyx r rb rs rst sass scala "
    "scss service sh sql svelte svg swift tex tf toml ts tsv tsx txt typed vue xml yaml yml zig zsh"
)
_NAMES = _words(
    ".coveragerc .dockerignore .editorconfig .env .env.example .flake8 .gitattributes .gitignore "
    "Dockerfile Gemfile Jenkinsfile LICENSE Makefile Pipfile Procfile Vagrantfile"
)
_TOKEN = re.compile(r"[\w.\-+@$&!#~\[\](){}/\\:]+")
_EXTENSION = re.compile(r"\.([A-Za-z][A-Za-z0-9_]{0,9})$")

_COMMENTS = ("#", "//", "--", ";", "%", "*", "REM ")
_PAIRED_COMMENTS = {"<!--": "-->", "/*": "*/", "{#": "#}", '"""': '"""', "'''": "'''"}
_PREAMBLES = ("#!", "<?php", "<?xml", "<!doctype", "# -*-")
_LABEL = re.compile(
    r"(?P<key>file[ _-]?name|file(?: \d{1,3})?|path)[*_]*\s*[:=]\s*(?P<path>.+)", re.IGNORECASE | re.DOTALL
)
_NOTE = re.compile(r"\s\((?:new|new file|updated|modified|changed|edited|edit)\)$", re.IGNORECASE)
_REMARKS = ("-", "–", "—", "#", "(", "←", "<-")  # begin what is said of a file after its path

_KEYED = re.compile(
    r"(?<![\w-])(?:title|file[_-]?name|file|path|name)\s*[=:]\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s,}\"']+))",
    re.IGNORECASE,
)
_EXCERPT = re.compile(r"\d+:\d+:")  # "12:15:src/x.py", how editors cite existing lines

_DECORATION = re.compile(r"(?:(?:[-*+]|#{1,6}|\d{1,3}[.)])\s+)+")
_BULLET = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")

_PYTHON = frozenset({"python", "py", "python3", "py3"})
_SHELL = frozenset({"sh", "bash", "shell", "zsh"})
_OUTPUT = _words(
    "console log output pycon pytb sh-session shell-session shellsession stderr stdout terminal traceback"
)
# Which extensions a language may be laid down as when only a hint (a bare path) says so. A block of another
# kind under a path is an example or a command about that file, not the file.
_FITTING: dict[str, frozenset[str]] = {
    **dict.fromkeys(_PYTHON, frozenset({"", "py", "pyi", "pyx"})),
    **dict.fromkeys(_SHELL, frozenset({"", "sh", "bash", "zsh", "env", "txt", "conf", "cfg"})),
    **dict.fromkeys(("json", "jsonc"), frozenset({"", "json", "jsonl", "json5", "ipynb"})),
    **dict.fromkeys(_OUTPUT, frozenset()),
}


@dataclass(frozen=True)
class Named:
    """The path that a block names, None when it names none, and its lines without the line that named it."""

    path: str | None
    lines: tuple[str, ...]


def language_of(info: str) -> str:
    """Return the language word of an info string, in small letters; empty when there is none."""
    found = re.match(r"\{?\s*\.?([\w+#.-]*)", info[:_LONGEST])
    return found[1].lower() if found else ""


def is_python(language: str) -> bool:
    """Whether a language word stands for Python source."""
    return language in _PYTHON


def is_shell(language: str) -> bool:
    """Whether a language word stands for shell commands."""
    return language in _SHELL


def is_excerpt(info: str) -> bool:
    """Whether an info string cites lines of an existing file instead of naming a new version."""
    return _EXCERPT.match(info) is not None


def name_block(info: str, lines: tuple[str, ...], above: str) -> Named:
    """Find the path of a block: its info string, its lines, and the title above it.

    What says so in words wins: a ``filename:`` comment, then the info string, then a first line that is
    a comment with nothing but a path, then the title.
    """
    at = _first_line(lines)
    first = lines[at] if at is not None else ""
    rest = lines[:at] + lines[at + 1 :] if at is not None else lines
    language = language_of(info)
    if path := _labelled(first, language):
        return Named(path, rest)
    bare = _bare_comment(first)
    if path := _in_info(info):
        return Named(path, rest if bare == path else lines)
    hinted = _in_title(above)
    if hinted and not _fits(language, hinted):
        hinted = None
    if bare and _fits(language, bare) and not (is_shell(language) and "." not in bare):
        longer = hinted is not None and hinted.endswith("/" + bare)
        return Named(hinted, lines) if longer else Named(bare, rest)
    return Named(hinted, lines)


def is_list_item(line: str) -> bool:
    """Whether a line begins with a bullet or a number."""
    return _BULLET.match(line) is not None


def names_a_file(info: str, first_line: str) -> bool:
    """Whether an opening fence and the line after it say in words which file follows."""
    return bool(_in_info(info) or _labelled(first_line, language_of(info)))


def is_path(token: str) -> bool:
    """Whether a word is unmistakably a path: a known name or extension, or a folder and any extension."""
    if not token or len(token) > _LONGEST or "://" in token or not _TOKEN.fullmatch(token):
        return False
    name = re.split(r"[/\\]", token)[-1]
    if name in _NAMES:
        return True
    extension = _EXTENSION.search(name)
    if extension is None or name.endswith(")"):
        return False
    return "/" in token or "\\" in token or extension[1].lower() in _EXTENSIONS


def _first_line(lines: tuple[str, ...]) -> int | None:
    """Return the index of the first written line that may name the file, after a shebang or the like."""
    for at, line in enumerate(lines[:50]):
        if line.strip() and not line.lower().startswith(_PREAMBLES):
            return at
    return None


def _uncommented(line: str) -> str | None:
    """Return the text of a line that is one whole comment, else None."""
    text = line.strip()
    if len(text) > _LONGEST:
        return None
    for opening, closing in _PAIRED_COMMENTS.items():
        if text.startswith(opening):
            inside = text[len(opening) :]
            return inside[: -len(closing)].strip() if inside.endswith(closing) else None
    for opening in _COMMENTS:
        if text.startswith(opening):
            return text[len(opening) :].lstrip(opening[0]).strip()
    return None


def _labelled(line: str, language: str) -> str | None:
    """Return the path of a line such as ``# filename: src/x.py``."""
    comment = _uncommented(line)
    text = line.strip() if comment is None else comment
    found = _LABEL.match(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    if comment is None and language in ("yaml", "yml", "json", "toml", "ini"):
        return None  # there it is content
    path = _without_remark(_bare(found["path"]))
    if is_path(path):
        return path
    in_words = comment is not None and "name" in found["key"].lower()
    return path if in_words and path and (" " not in path or is_path(path.replace(" ", "_"))) else None


def _without_remark(path: str) -> str:
    head, _, tail = path.partition(" ")
    head = _bare(head)
    return head if is_path(head) and tail.lstrip().startswith(_REMARKS) else path


def _bare_comment(line: str) -> str | None:
    comment = _uncommented(line)
    path = _bare(comment) if comment else ""
    return path if is_path(path) else None


def _in_info(info: str) -> str | None:
    info = info[:_LONGEST]
    if is_excerpt(info) or (info.isalnum() and info not in _NAMES):
        return None  # most often it is just the language
    for found in _KEYED.finditer(info):
        path = next(group for group in found.groups() if group is not None)
        if is_path(path.replace(" ", "_") if found[0].lower().startswith(("file", "path")) else path):
            return path
    words = [word.strip("\"'()[]{},") for word in info.split(maxsplit=2)[:2]]
    if words and ":" in words[0]:
        path = words[0].partition(":")[2]
        if is_path(path) or ("/" in path and not path.startswith("//")):
            return path
    return next((word for word in words if is_path(word) and ":" not in word), None)


def _in_title(line: str) -> str | None:
    """Return the path of a line that is nothing but a path, however decorated."""
    if len(line) > _LONGEST:
        return None
    text = line.strip()
    for _ in range(2):  # "### **1. src/x.py**" has a number inside its emphasis
        if decoration := _DECORATION.match(text):
            text = text[decoration.end() :]
        text = text.strip("*` ")
    if label := _LABEL.match(text):
        text = label["path"]
    text = _bare(text)
    if link := _LINK.fullmatch(text):
        text = _bare(link[1])
    return text if is_path(text) else None


def _bare(text: str) -> str:
    """Take away emphasis, quotes, a trailing colon and notes such as "(new)"."""
    text = _NOTE.sub("", text.strip())
    return text.strip("*`\"' ").rstrip(":").strip("*`\"' ")


def _fits(language: str, path: str) -> bool:
    fitting = _FITTING.get(language)
    return fitting is None or PurePosixPath(path).suffix.lstrip(".").lower() in fitting
