"""What the story of migrations comes to: findings, each at its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from team.gates.base import Finding
from team.gates.migration.history import Revision
from team.gates.migration.story import Story
from team.gates.wording import told

LOSS = "data-loss"
"""The rule of what a person has to approve."""

_FUNCTION = {"upgrade": "upgrade", "downgrade": "downgrade"}


def findings_of(story: Story, known: Mapping[str, Revision]) -> Iterator[Finding]:
    """All findings of one story.

    Args:
        story: what was told.
        known: the revisions by name.
    """
    if not story.ended:
        ending = f"the {story.limit} limit ended it" if story.limit else "its run did not come to its end"
        yield Finding(
            rule="disturbed", severity="critical", message=f"the migrations were not judged: {ending}"
        )
    for frame in story.frames:
        yield from _of(frame, known)


def _of(frame: Mapping[str, Any], known: Mapping[str, Revision]) -> Iterator[Finding]:
    revision = known.get(str(frame.get("revision", "")))
    match frame["kind"]:
        case "broken":
            yield _broken(frame, known, revision)
        case "elsewhere":
            text = "alembic upgrade head changes another database than the one that DATABASE_URL names"
            yield Finding(file="alembic/env.py", rule="other-database", message=text)
        case "unnamed":
            text = "env.py gives Alembic no target_metadata: models and migrations cannot be compared"
            yield Finding(file="alembic/env.py", rule="no-metadata", message=text)
        case "differs":
            for fact in frame["facts"]:
                text = f"after alembic upgrade head, the database is not what the models say: {_said(fact)}"
                yield Finding(rule="schema-difference", message=text)
        case "remains":
            yield _differs(frame, revision, "downgrade", "does not undo the upgrade")
        case "again":
            yield _differs(frame, revision, "upgrade", "comes out differently the second time")
        case "lost":
            step = str(frame["step"])
            text = f"the {step} of {frame['revision']} loses rows that it should keep: {_said(frame['what'])}"
            yield _at(revision, step, (), Finding(rule="lost-rows", message=text))
        case "loss":
            yield _loss(frame, revision)
        case "trouble":
            text = f"the migrations stopped: {_said(frame['text'])}"
            yield Finding(rule="disturbed", severity="critical", message=text)


def _broken(frame: Mapping[str, Any], known: Mapping[str, Revision], revision: Revision | None) -> Finding:
    places: list[tuple[str | None, int | None]] = [(str(path), int(line)) for path, line in frame["at"]]
    named = {each.file: each for each in known.values()}
    in_revisions = [place for place in places if place[0] in named]
    file, line = (in_revisions or places or [(None, None)])[-1]
    revision = named.get(file or "") or revision
    which = f" of {revision.name}" if revision else ""
    finding = Finding(
        file=file,
        line=line,
        rule="fails",
        message=f"the {frame['step']}{which} fails: {_said(frame['error'])}",
    )
    return finding if file else _at(revision, str(frame["step"]), (), finding)


def _differs(frame: Mapping[str, Any], revision: Revision | None, step: str, what: str) -> Finding:
    which = f"the {step} of {revision.name}" if revision else f"alembic {step}"
    facts = "; ".join(map(str, frame["facts"]))
    rule = "not-undone" if step == "downgrade" else "not-repeatable"
    return _at(revision, step, (), Finding(rule=rule, message=f"{which} {what}: {_said(facts)}"))


def _loss(frame: Mapping[str, Any], revision: Revision | None) -> Finding:
    name = revision.name if revision else "?"
    text = f"the upgrade to {name} loses data, a person has to approve: {_said(frame['what'])}"
    words = (str(frame["column"] or frame["table"]),)
    return _at(revision, "upgrade", words, Finding(rule=LOSS, severity="minor", asks=True, message=text))


def _at(revision: Revision | None, function: str, words: tuple[str, ...], finding: Finding) -> Finding:
    if revision is None or function not in _FUNCTION:
        return finding
    place = {"file": revision.file, "line": revision.line(function, *words)}
    return finding.model_copy(update=place)


def _said(text: Any) -> str:
    return " ".join(told(str(text)).split())
