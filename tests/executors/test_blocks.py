"""What the reader makes of a message. The tables double as the documentation of every accepted form."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from executors.blocks import BadBlock, CommandBlock, EditBlock, FileBlock, Hunk, read_message

X = "src/x.py"


def fenced(*lines: str, info: str = "python", fence: str = "```", above: str = "") -> str:
    return "\n".join([*([above] if above else []), f"{fence}{info}", *lines, fence, ""])


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(fenced("# filename: src/x.py", "x = 1"), id="a comment on the first line"),
        pytest.param(fenced("# Filename: `src/x.py`", "x = 1"), id="quoted, other case"),
        pytest.param(fenced("# file: src/x.py", "x = 1"), id="file:"),
        pytest.param(fenced("# path: src/x.py", "x = 1"), id="path:"),
        pytest.param(fenced("#filename:src/x.py", "x = 1"), id="no spaces"),
        pytest.param(fenced("// filename: src/x.py", "x = 1", info=""), id="slashes"),
        pytest.param(fenced("-- filename: src/x.py", "x = 1", info="sql"), id="dashes"),
        pytest.param(fenced("; filename: src/x.py", "x = 1", info="ini"), id="semicolon"),
        pytest.param(fenced("<!-- filename: src/x.py -->", "x = 1", info="html"), id="HTML comment"),
        pytest.param(fenced("/* filename: src/x.py */", "x = 1", info="css"), id="C comment"),
        pytest.param(fenced("{# filename: src/x.py #}", "x = 1", info="jinja"), id="Jinja comment"),
        pytest.param(fenced('"""filename: src/x.py"""', "x = 1"), id="docstring of one line"),
        pytest.param(fenced("filename: src/x.py", "x = 1"), id="no comment sign at all"),
        pytest.param(fenced("# src/x.py", "x = 1"), id="a comment that is only a path"),
        pytest.param(fenced("x = 1", info='python title="src/x.py"'), id="title in the info string"),
        pytest.param(fenced("x = 1", info="python filename=src/x.py"), id="filename in the info string"),
        pytest.param(fenced("x = 1", info="{.python file='src/x.py'}"), id="attributes in braces"),
        pytest.param(fenced("x = 1", info="python:src/x.py"), id="language, colon, path"),
        pytest.param(fenced("x = 1", info="python src/x.py"), id="language, space, path"),
        pytest.param(fenced("x = 1", info="python (src/x.py)"), id="language, path in brackets"),
        pytest.param(fenced("x = 1", info="src/x.py"), id="only a path in the info string"),
        pytest.param(fenced("x = 1", above="`src/x.py`"), id="a line above: code"),
        pytest.param(fenced("x = 1", above="**src/x.py**"), id="a line above: bold"),
        pytest.param(fenced("x = 1", above="**`src/x.py`**:"), id="a line above: bold code and colon"),
        pytest.param(fenced("x = 1", above="### src/x.py"), id="a line above: heading"),
        pytest.param(fenced("x = 1", above="### src/x.py\n"), id="a line above: heading and blank line"),
        pytest.param(
            fenced("x = 1", above="#### 1. `src/x.py` (new)"), id="a line above: numbered, with note"
        ),
        pytest.param(fenced("x = 1", above="src/x.py:"), id="a line above: path and colon"),
        pytest.param(fenced("x = 1", above="File: src/x.py"), id="a line above: File:"),
        pytest.param(fenced("x = 1", above="**File:** `src/x.py`"), id="a line above: bold File:"),
        pytest.param(fenced("x = 1", above="[src/x.py](src/x.py)"), id="a line above: link"),
        pytest.param(fenced("x = 1", above="- `src/x.py`"), id="a line directly above: list item"),
        pytest.param(fenced("x = 1", above="1. **src/x.py**:\n"), id="a line above: numbered, blank line"),
        pytest.param(fenced("x = 1", above="**1. src/x.py**"), id="a line above: number inside the bold"),
        pytest.param(fenced("x = 1", above="### File 2: `src/x.py`"), id="a line above: File 2:"),
        pytest.param(fenced("# filename: src/x.py - the module", "x = 1"), id="with a remark"),
        pytest.param(fenced("# filename: `src/x.py` (new)", "x = 1"), id="with a note"),
    ],
)
def test_every_way_to_name_a_file(message: str) -> None:
    assert read_message(message) == [FileBlock(X, "x = 1\n")]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(fenced("# filename: src/x.py", "x = 1", fence="````"), id="four backticks"),
        pytest.param(fenced("# filename: src/x.py", "x = 1", fence="~~~"), id="tildes"),
        pytest.param(fenced("# filename: src/x.py", "x = 1").replace("\n", "\r\n"), id="CRLF"),
        pytest.param(fenced("# filename: src/x.py", "x = 1").replace("\n", "\r"), id="CR"),
        pytest.param("```python\n# filename: src/x.py\nx = 1", id="unclosed last fence"),
        pytest.param("```python\n# filename: src/x.py\nx = 1\n\n", id="unclosed, blank tail"),
        pytest.param(
            "1. The module:\n\n   ```python\n   # filename: src/x.py\n   x = 1\n   ```", id="in a list"
        ),
        pytest.param(
            "- a\n    - b\n\n      ```py\n      # src/x.py\n      x = 1\n      ```", id="in a deep list"
        ),
        pytest.param("- ```python\n  # filename: src/x.py\n  x = 1\n  ```", id="after a list mark"),
        pytest.param("\t```python\n\t# filename: src/x.py\n\tx = 1\n\t```", id="indented by a tab"),
        pytest.param("````markdown\n" + fenced("# src/x.py", "x = 1") + "````", id="around the whole answer"),
        pytest.param("```python title=src/x.py\n# src/x.py\nx = 1\n```", id="named twice"),
    ],
)
def test_every_kind_of_fence(message: str) -> None:
    assert read_message(message) == [FileBlock(X, "x = 1\n")]


@pytest.mark.parametrize(
    ("message", "blocks"),
    [
        pytest.param(fenced("pytest -q", info="sh"), [CommandBlock("sh", "pytest -q\n")], id="shell"),
        pytest.param(fenced("ls", info="bash"), [CommandBlock("sh", "ls\n")], id="bash"),
        pytest.param(fenced("print(1)"), [CommandBlock("python", "print(1)\n")], id="python"),
        pytest.param(fenced("print(1)", info="py"), [CommandBlock("python", "print(1)\n")], id="py"),
        pytest.param(
            fenced("pytest -q", info="sh", above="`tests/test_x.py`:"),
            [CommandBlock("sh", "pytest -q\n")],
            id="a command about a file is not the file",
        ),
        pytest.param(
            fenced("print(1)", above="- src/a.py\n- src/b.py\n"),
            [CommandBlock("python", "print(1)\n")],
            id="the end of a list of files is no title",
        ),
        pytest.param(
            fenced("print(1)", info='python title="Output of run.py"'),
            [CommandBlock("python", "print(1)\n")],
            id="a title that is no path",
        ),
        pytest.param(
            fenced("# filename: the file to read", "print(1)"),
            [CommandBlock("python", "# filename: the file to read\nprint(1)\n")],
            id="a comment that only looks like a name",
        ),
        pytest.param(
            fenced("Write `src/x.py` like:", "```sh", "ls", "```", info="markdown"), [], id="markdown"
        ),
        pytest.param(fenced("$ pytest", "2 passed", info="sh"), [], id="after a prompt: quoted"),
        pytest.param(fenced(">>> 1 + 1", "2"), [], id="after Python's prompt: quoted"),
        pytest.param(fenced("pytest", "2 passed", info="console"), [], id="console"),
        pytest.param(fenced("oops", info="text"), [], id="text"),
        pytest.param(fenced('{"a": 1}', info="json"), [], id="json"),
        pytest.param(fenced('{"a": 1}', info="json", above="`src/x.py`:"), [], id="an example under a path"),
        pytest.param(fenced("- a", "+ b", info="diff"), [], id="diff"),
        pytest.param(fenced("x = 1", info="12:15:src/x.py"), [], id="cited lines of a file"),
        pytest.param(fenced("rm -rf /", info=""), [], id="no language"),
        pytest.param("> ```sh\n> ls\n> ```", [], id="in a quotation"),
        pytest.param(fenced("# nothing", info="sh"), [], id="only comments"),
        pytest.param("Use ```ls``` or `x`.", [], id="inline code"),
        pytest.param("LGTM", [], id="no fence"),
        pytest.param("", [], id="empty"),
        pytest.param(None, [], id="None"),
    ],
)
def test_commands_and_what_is_no_part_of_the_work(message: str | None, blocks: list[object]) -> None:
    assert read_message(message) == blocks


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("import os\n\ndef f():\n    return os.name", "only defines things"),
        ('"""Doc."""\nLIMIT: int = 3\nNAMES = ["a"]', "only defines things"),
        ("app = FastAPI()\n\n@app.get('/')\ndef f(): ...", "only defines things"),
        ("try:\n    import a\nexcept ImportError:\n    a = None", "only defines things"),
        ("def f(:\n", "does not parse"),
        ("x = " + "(" * 5000, "does not parse"),
        ("\0", "does not parse"),
        ("x = 1\n" * 20_000, "too long"),
    ],
)
def test_python_without_a_name_goes_back_for_one(code: str, hint: str) -> None:
    (block,) = read_message(fenced(code))
    assert isinstance(block, BadBlock)
    assert hint in block.problem
    assert "name the file" in block.problem


EDIT = ("<<<<<<< SEARCH", "a = 1", "=======", "a = 2", "b = 3", ">>>>>>> REPLACE")


@pytest.mark.parametrize(
    "message",
    [
        fenced("# filename: src/x.py", *EDIT),
        fenced(*EDIT, info="python title=src/x.py"),
        fenced(*EDIT, above="src/x.py"),
        fenced("src/x.py", *EDIT),
        fenced("# src/x.py", "", *EDIT, ""),
        fenced("# filename: src/x.py", *EDIT).replace("\n", "\r\n"),
    ],
)
def test_an_edit(message: str) -> None:
    assert read_message(message) == [EditBlock(X, (Hunk("a = 1\n", "a = 2\nb = 3\n"),))]


def test_an_edit_of_several_hunks_with_remarks_between() -> None:
    (block,) = read_message(fenced("# filename: src/x.py", *EDIT, "", "# and", *EDIT))
    assert block == EditBlock(X, (Hunk("a = 1\n", "a = 2\nb = 3\n"),) * 2)


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (fenced(*EDIT), "must name its file"),
        (fenced("# filename: src/x.py", *EDIT[:-1]), "no '>>>>>>> REPLACE' line"),
        (fenced("# filename: src/x.py", *EDIT[:2], *EDIT[3:]), "no '=======' line"),
        (fenced("# filename: src/x.py", *EDIT[:3], *EDIT[2:]), "two '=======' lines"),
        (fenced("# filename: src/x.py", "import os", *EDIT), "text outside"),
        (fenced("# filename: src/x.py", "- a", "+ b", info="diff"), "a diff is not read"),
    ],
)
def test_an_edit_that_cannot_be_read_goes_back(message: str, problem: str) -> None:
    (block,) = read_message(message)
    assert isinstance(block, BadBlock)
    assert problem in block.problem


def test_a_file_that_speaks_about_hunks_is_a_file() -> None:
    lines = ['TEXT = """', *EDIT, '"""']
    (block,) = read_message(fenced("# filename: src/x.py", *lines))
    assert block == FileBlock(X, "\n".join(lines) + "\n")


def test_the_first_line_stays_when_it_is_a_shebang() -> None:
    message = fenced("#!/usr/bin/env python", "# filename: run.py", "print(1)")
    assert read_message(message) == [FileBlock("run.py", "#!/usr/bin/env python\nprint(1)\n")]


def test_a_comment_that_is_no_path_stays() -> None:
    message = fenced("# e.g. numpy.array", "x = 1", info="python title=src/x.py")
    assert read_message(message) == [FileBlock(X, "# e.g. numpy.array\nx = 1\n")]


def test_a_name_in_the_block_does_not_move_the_file_out_of_the_folder_above_it() -> None:
    message = fenced("# x.py", "x = 1", above="### src/x.py")
    assert read_message(message) == [FileBlock(X, "# x.py\nx = 1\n")]


def test_an_empty_file() -> None:
    assert read_message("```python\n# filename: app/__init__.py\n```") == [FileBlock("app/__init__.py", "")]


def test_blocks_come_in_order_and_two_versions_of_a_file_stay_two() -> None:
    message = fenced("# filename: a.py", "x = 1") + "better:\n" + fenced("# filename: a.py", "x = 2")
    assert [block.content for block in read_message(message)] == ["x = 1\n", "x = 2\n"]  # type: ignore[union-attr]


def test_hostile_paths_are_read_as_files_for_the_laying_down_to_refuse() -> None:
    for path in ("../../etc/cron.d/x.conf", "/etc/x.conf", "C:\\x.py", "~/.bashrc.py"):
        assert read_message(fenced(f"# filename: {path}", "x", info="")) == [FileBlock(path, "x\n")]


README = ("# Title", "```bash", "pip install x", "```", "Then:", "```python", "print(1)", "```", "End.")


def test_a_markdown_file_with_inner_fences() -> None:
    message = fenced(*README, info="markdown title=README.md") + fenced("# filename: a.py", "x = 1")
    content = "\n".join(README) + "\n"
    assert read_message(message) == [FileBlock("README.md", content), FileBlock("a.py", "x = 1\n")]


def test_a_docstring_with_fences() -> None:
    lines = ("def f():", '    """', "    ```", "    f()", "    ```", '    """')
    assert read_message(fenced("# filename: a.py", *lines)) == [FileBlock("a.py", "\n".join(lines) + "\n")]


def test_a_fence_that_was_forgotten_to_close_ends_where_the_next_file_begins() -> None:
    message = "```python\n# filename: a.py\na = 1\n```python\n# filename: b.py\nb = 1\n```\n"
    assert read_message(message) == [FileBlock("a.py", "a = 1\n"), FileBlock("b.py", "b = 1\n")]


@pytest.mark.parametrize(
    "thought",
    [
        "<think>Try\n```sh\nrm -rf .\n```\nno.</think>\n",
        "<think>\n```python\nunclosed\n</think>",
        "<thinking>x</thinking>\n\n",
        "so I will.\n```sh\nls\n```\n</think>\n",
        "<think></think>",
    ],
)
def test_what_was_thought_is_not_said(thought: str) -> None:
    assert read_message(thought + fenced("# filename: src/x.py", "x = 1")) == [FileBlock(X, "x = 1\n")]


def test_a_thought_without_end_says_nothing() -> None:
    assert read_message("<think>\n" + fenced("ls", info="sh")) == []


def test_tags_of_thought_inside_a_file_are_content() -> None:
    lines = ("OPEN = '''", "<think>", "</think>", "'''")
    assert read_message(fenced("# filename: a.py", *lines)) == [FileBlock("a.py", "\n".join(lines) + "\n")]


PIECES = """
``` ```` ~~~ ```python ```sh ```markdown <think> </think> <<<<<<<_SEARCH ======= >>>>>>>_REPLACE
#_filename:_a.py `b.py` ###_c.py - > x=1 print(1) ____ title=d.py
"""
pieces = st.sampled_from([*(piece.replace("_", " ") for piece in PIECES.split()), *"\n\r\t\0\ud800\u2028"])


@given(st.one_of(st.text(), st.lists(st.one_of(pieces, st.just("\n"))).map("".join)))
def test_reading_never_raises(text: str) -> None:
    read_message(text)


contents = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")).filter(
        lambda line: (
            "```" not in line and "~~~" not in line and not line.startswith(("<<<", "#!", "<", "# -*-"))
        )
    )
).map(lambda lines: "".join(line + "\n" for line in lines))


@given(contents, st.sampled_from(["```", "`````", "~~~~"]), st.sampled_from(["", "  ", "      ", "1. "]))
def test_a_file_survives_the_way_through_a_message(content: str, fence: str, indent: str) -> None:
    lines = [f"{fence}python", "# filename: src/x.py", *content.split("\n")[:-1], fence]
    pad = " " * len(indent)
    message = "Here:\n" + "\n".join((pad if at else indent) + line for at, line in enumerate(lines))
    assert read_message(message) == [FileBlock(X, content)]


@given(st.lists(st.tuples(st.sampled_from(["```", "~~~", "````"]), contents.filter(bool)), max_size=5))
def test_on_ordinary_messages_it_agrees_with_a_markdown_library(fences: list[tuple[str, str]]) -> None:
    message = "".join(f"text\n\n{fence}python title=x.py\n{content}{fence}\n" for fence, content in fences)
    tokens = [token for token in MarkdownIt("commonmark").parse(message) if token.type == "fence"]
    theirs = [token.content for token in tokens]
    ours = [
        block.content for block in read_message(message.replace("\0", "�")) if isinstance(block, FileBlock)
    ]
    assert ours == theirs


HURTFUL = [
    "a\n",
    "- a\n",
    "> a\n",
    "`",
    "```py\nx\n```\n",
    "```py\n# filename: a.py\n",
    "# " + " " * 500,
    "<think>\n",
    "```markdown\n```sh\n",
    "~~~\n```\n",
    "</think>\n",
    "# filename:" * 9 + "\n",
    "```py\n<<<<<<< SEARCH\n",
    "\t```x\n",
]


@pytest.mark.parametrize("piece", HURTFUL)
def test_two_megabytes_are_read_quickly(piece: str) -> None:
    text = piece * (2_000_000 // len(piece))
    start = time.process_time()
    read_message(text)
    assert time.process_time() - start < 5  # takes under 1 s; a quadratic reader takes hours
