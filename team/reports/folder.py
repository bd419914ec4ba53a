"""The reports that lie in a session's folder."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from team.errors import DiskTrouble
from team.reports.junit import junit
from team.reports.page import page
from team.reports.sarif import sarif
from team.result import GenerationResult
from team.transcript import Transcript

PAGE, SARIF, JUNIT = "report.md", "report.sarif", "junit.xml"


def write_reports(folder: Path, result: GenerationResult) -> None:
    """Write `report.md`, `report.sarif` and `junit.xml` of a session that has ended.

    Raises:
        DiskTrouble: the folder cannot be written.
    """
    judged = list(result.gates.values())
    texts = {
        PAGE: page(Transcript.open(folder), result),
        SARIF: sarif(judged, version=own_version()),
        JUNIT: junit(judged),
    }
    try:
        for name, text in texts.items():
            unfinished = folder / f".{name}.tmp"
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(folder / name)
    except OSError as error:
        raise DiskTrouble(f"the reports of {folder.name} cannot be written: {error.strerror}") from error


def own_version() -> str:
    """The version of this tool; empty where it is not installed."""
    try:
        return metadata.version("autogen-devteam")
    except metadata.PackageNotFoundError:
        return ""
