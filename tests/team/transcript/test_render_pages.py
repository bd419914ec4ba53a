import io
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.text import Text

from team.transcript import Transcript
from team.transcript.body import body
from team.transcript.events import Gate, Message, SessionEnded, SessionStarted
from team.transcript.head import opening_lines, summary_parts
from team.transcript.safe_text import one_line, plain
from team.transcript.shorten import shorten_blocks

Make = Callable[..., Transcript]


def printed(page: RenderableType, width: int = 120) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=False).print(page)
    return stream.getvalue()


def session_page(log: Transcript, *, full: bool = False) -> Group:
    """What `devteam show` prints."""
    opening = [Text(line.text) for line in opening_lines(log)]
    lines = [Text(line.text) for line in body(log.read(), full=full, changes=log.changes_by_iteration())]
    return Group(*opening, *summary_parts(log), *lines)


def test_verdict_comes_first_then_gates_files_and_words(make_session: Make) -> None:
    page = printed(session_page(make_session()))
    assert page.startswith("accepted — all is well")
    order = [page.index(word) for word in ("\ngates", "\nfiles", "\nmodels", "── task", "── developer")]
    assert order == sorted(order)
    grid = [line.split() for line in page.splitlines() if line.startswith(("syntax", "lint"))]
    assert grid == [["syntax", "✓", "✓"], ["lint", "✗1", "✓"]]
    assert "a.py +1" in page
    assert "a.py:1: undefined name 'y' [F821]" in page


def test_code_is_shortened_unless_asked_for(make_session: Make) -> None:
    log = make_session()
    assert "  a.py +1" in printed(session_page(log)) and "x = y" not in printed(session_page(log))
    full = printed(session_page(log, full=True))
    assert "x = y" in full and "NameError" in full


def test_damage_is_shown(make_session: Make) -> None:
    log = make_session()
    path = log.folder / "transcript.jsonl"
    path.write_bytes(path.read_bytes() + b"garbage\n")
    assert "damaged log, line 15: not a JSON object" in printed(session_page(Transcript.open(log.folder)))


HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07 \x1b]8;;http://x\x07link \u202egnp.exe\u2066 [bold]markup[/bold] \x9b2J\r\n"
)


def test_hostile_text_cannot_steer_the_terminal(make_session: Make) -> None:
    events = [
        SessionStarted(kind="run", spec={}, config={"model": HOSTILE}, sandbox=HOSTILE),
        Message(agent=HOSTILE, step=HOSTILE, content=HOSTILE),
        Gate(name=HOSTILE, status="fail", iteration=1, why=HOSTILE),
        SessionEnded(status=HOSTILE, reason="x", message=HOSTILE),
    ]
    log = make_session(events=events)
    for page in (session_page(log), session_page(log, full=True)):
        text = printed(page)
        assert not set(text) & set("\x1b\x07\x9b\r\u202e\u2066")
        assert "[bold]markup[/bold]" in text


def test_plain_text() -> None:
    assert plain("a\tb\nc\ud800\x00") == "a\tb\nc?\\x00"
    assert one_line("a\n b\tc") == "a b c"
    assert one_line("x" * 200, 10) == "x" * 9 + "…"


def test_blocks_become_one_line_each() -> None:
    text = """Plan.

```python
# filename: app/models.py
a = 1

b = 2
```
`src/x.py`
~~~
<<<<<<< SEARCH
old
=======
new
newer
>>>>>>> REPLACE
~~~
```sh
ls
```
````md title="README.md"
```python
inner
```
````
```js
one
two
three
four"""
    assert shorten_blocks(text).splitlines() == [
        *("Plan.", "", "  app/models.py +3", "`src/x.py`", "  src/x.py +2 -1"),
        *("```sh", "ls", "```", "  README.md +3", "  js +4"),
    ]
