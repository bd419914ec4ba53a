"""What becomes of each file: a decision from what was generated before, what is there, and what is new.

Nothing is written here. A file with a conflict that nobody has decided yet is left alone, so that no
conflict lies within another; its turn comes when it is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from team.regeneration.manifest import FOLDER
from team.regeneration.merging import merge, open_markers
from team.regeneration.outcome import Conflict

OFFERS = f"{FOLDER}/theirs"
"""Where generated files lie that could not be put or merged in their place."""

_BOTH = "your edit and the new generation change the same lines"
_UNDECIDED = "a conflict is still undecided: edit the file and remove its markers"


@dataclass(frozen=True)
class InPlace:
    """What stands at a path: nothing, a plain file, or something that must not be touched."""

    content: bytes | None = None
    obstacle: str = ""


@dataclass
class Plan:
    """What to write (None: remove), what the manifest then holds, and what to tell."""

    writes: dict[str, bytes | None] = field(default_factory=dict)
    generated: dict[str, bytes] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)

    def tell(self, what: str, path: str) -> None:
        """Note a path under the name of a field of `Regeneration`."""
        self.told.setdefault(what, []).append(path)


def plan_changes(
    before: Mapping[str, bytes], new: Mapping[str, bytes], look: Callable[[str], InPlace]
) -> Plan:
    """Decide about every file.

    Args:
        before: the files as they were generated the last time.
        new: the files as they are generated now.
        look: what stands at a path of the folder.
    """
    planner = _Planner(before, new, look)
    for path in sorted({*before, *new}):
        planner.decide(path)
    return planner.plan


class _Planner:
    def __init__(
        self, before: Mapping[str, bytes], new: Mapping[str, bytes], look: Callable[[str], InPlace]
    ) -> None:
        self.plan = Plan()
        self._before = before
        self._new = new
        self._look = look

    def decide(self, path: str) -> None:
        """Decide about one file."""
        there, new = self._look(path), self._new.get(path)
        offered = self._look(f"{OFFERS}/{path}").content
        if new is None:
            self._no_longer_generated(path, there, offered)
        elif offered is not None and there.content != new:
            self._still_offered(path, there, new, offered)
        elif there.content is not None and (lines := open_markers(there.content)) and there.content != new:
            self.plan.conflicts.append(Conflict(file=path, line=lines[0], reason=_UNDECIDED))
            self._remember(path, self._before.get(path, new))
        else:
            self._take_back(path, offered)
            self._remember(path, new)
            self._generated(path, there, new)

    def _generated(self, path: str, there: InPlace, new: bytes) -> None:
        before = self._before.get(path)
        if before is None:
            self._for_the_first_time(path, there, new)
        elif new == before:
            if there.content != new:
                self.plan.tell("edited", path)
        elif there.obstacle or there.content is None:
            reason = there.obstacle or "you deleted it, and the new generation changes it"
            self._offer(path, new, reason)
        elif there.content == before:
            self._write(path, new, "updated")
        elif there.content != new:
            self._merge(path, before, there.content, new)

    def _for_the_first_time(self, path: str, there: InPlace, new: bytes) -> None:
        if there.obstacle:
            self._offer(path, new, there.obstacle)
        elif there.content is None:
            self._write(path, new, "created")
        elif there.content != new:
            self._offer(path, new, "a file of yours is there already")

    def _merge(self, path: str, before: bytes, yours: bytes, new: bytes) -> None:
        merged = merge(before, yours, new)
        if merged is None:
            self._offer(path, new, "you changed it, and it is no text that can be merged")
            return
        self.plan.conflicts += [Conflict(file=path, line=line, reason=_BOTH) for line in merged.conflicts]
        if merged.content == yours:
            self.plan.tell("edited", path)
        else:
            self._write(path, merged.content, "merged")

    def _no_longer_generated(self, path: str, there: InPlace, offered: bytes | None) -> None:
        self._take_back(path, offered)
        if there.content == self._before[path]:
            self.plan.writes[path] = None
            self.plan.tell("removed", path)
        elif there.content is not None or there.obstacle:
            self.plan.tell("kept", path)

    def _still_offered(self, path: str, there: InPlace, new: bytes, offered: bytes) -> None:
        """What was offered is still there: the person has not decided, and is offered the newest."""
        self._remember(path, new)
        reason = there.obstacle or (
            "you deleted it, and the generation changed it" if there.content is None else "it is yours"
        )
        self._conflict(path, f"{reason}; decide, then remove")
        if offered != new:
            self.plan.writes[f"{OFFERS}/{path}"] = new

    def _offer(self, path: str, new: bytes, reason: str) -> None:
        self.plan.writes[f"{OFFERS}/{path}"] = new
        self._conflict(path, f"{reason}; the generated one is")

    def _conflict(self, path: str, reason: str) -> None:
        self.plan.conflicts.append(Conflict(file=path, reason=f"{reason} {OFFERS}/{path}"))

    def _take_back(self, path: str, offered: bytes | None) -> None:
        if offered is not None:
            self.plan.writes[f"{OFFERS}/{path}"] = None

    def _write(self, path: str, content: bytes, what: str) -> None:
        self.plan.writes[path] = content
        self.plan.tell(what, path)

    def _remember(self, path: str, generated: bytes) -> None:
        self.plan.generated[path] = generated
