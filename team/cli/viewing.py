"""`view`, and `show --html`: sessions in a browser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from team.cli.history import find_session
from team.cli.options import PRINTING, Flags, takes
from team.cli.places import presenting
from team.cli.terminal import clean, print_json, results

if TYPE_CHECKING:
    from team.transcript import Transcript

OptionalSession = Annotated[
    str | None, typer.Argument(metavar="SESSION", help="As for show; left out: the list of all.")
]


@takes("work_dir", *PRINTING)
def view(
    flags: Flags,
    session: OptionalSession = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, metavar="N", help="0: a free one.")] = 0,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open it in the browser; on a terminal only.")
    ] = False,
) -> None:
    """View sessions in the browser, also while they run; on this machine only, until Ctrl-C."""
    from team.viewer.serving import serve

    config = presenting(flags)
    folder = find_session(session, config.work_dir).absolute() if session else None
    place = f"s/{folder.name}" if folder else ""

    def started(address: str) -> None:
        if config.json_output:
            print_json({"url": address + place})
        else:
            results().print(f"{address}{place}", soft_wrap=True)
            print("Ctrl-C ends the viewer; only this machine reaches it", file=sys.stderr)
        sys.stdout.flush()
        if open_browser and sys.stderr.isatty():
            import webbrowser

            webbrowser.open(address + place)

    serve(folder.parent if folder else config.work_dir, port, started)


def write_html(log: Transcript, file: Path, *, as_json: bool) -> None:
    """Write the page of a session to a file, or to stdout for `-`.

    Raises:
        team.errors.UsageError: the file cannot be written.
    """
    from team.errors import UsageError
    from team.viewer.page import session_file

    html = session_file(log)
    if str(file) == "-":
        sys.stdout.write(html)
        return
    try:
        file.write_text(html, encoding="utf-8", errors="replace")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{clean(file)} cannot be written: {why}", "choose another file") from error
    if as_json:
        print_json({"session": log.folder.name, "html": str(file.resolve()), "bytes": len(html)})
    else:
        results().print(f"{clean(file)} ({len(html) / 1000:.0f} kB)", soft_wrap=True)
