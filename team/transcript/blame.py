"""Which message brought a failure: read from the log alone, so it also holds for sessions of others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from executors.blocks import EditBlock, FileBlock, read_message
from team.fingerprints import Fingerprint, fingerprint
from team.gates.base import Finding
from team.steps import AUTHOR_STEPS, Step
from team.transcript.events import Event, Gate, Message, Verdict


@dataclass(frozen=True)
class Regression:
    """Something that got worse, and whose message it came with.

    `seq` is the message's number in the log; None where the log has no message of an author for it.
    `passed_before` tells a gate that was green once, which is a regression in the narrow sense, from one
    whose findings are new beside others or that is judged for the first time.
    """

    gate: str
    iteration: int
    seq: int | None
    agent: str
    findings: tuple[Finding, ...]
    passed_before: bool = False


def blame(events: Iterable[Event]) -> list[Regression]:
    """Every failure that was new in its iteration, with the author's message that brought it, in order.

    A failure is new when the same gate did not have it in the turn before: compared by fingerprint, so a
    failure that only moved is not new. Of several messages in one turn it is the last one that wrote the
    finding's file; for a failing test the author whom the reviewer's fault names, else who wrote last.
    """
    return [regression for turn in _turns(events) for regression in turn.regressions()]


@dataclass
class _Turn:
    """One turn of the executor: what was said before it, what its gates said, and what they said before."""

    iteration: int
    said: list[Message]
    before: dict[str, Gate]
    gates: dict[str, Gate] = field(default_factory=dict)
    fault: str = ""

    def regressions(self) -> Iterator[Regression]:
        for gate in self.gates.values():
            if gate.status not in ("fail", "error"):
                continue
            earlier = self.before.get(gate.name)
            new = self._new(gate, earlier)
            passed = earlier is not None and earlier.status == "pass"
            for message, findings in self._by_message(new).items():
                yield Regression(
                    gate=gate.name,
                    iteration=self.iteration,
                    seq=self.said[message].seq if message >= 0 else None,
                    agent=self.said[message].agent if message >= 0 else "",
                    findings=tuple(findings),
                    passed_before=passed,
                )
            if not new and passed:
                yield self._silent(gate)

    def _silent(self, gate: Gate) -> Regression:
        """A gate that turned red without naming anything."""
        last = self.said[-1] if self.said else None
        return Regression(
            gate.name, self.iteration, last.seq if last else None, last.agent if last else "", (), True
        )

    def _new(self, gate: Gate, earlier: Gate | None) -> list[Finding]:
        known: frozenset[Fingerprint] = frozenset()
        if earlier is not None and earlier.status in ("fail", "error"):
            known = frozenset(fingerprint(gate.name, finding) for finding in earlier.findings)
        deciding = [finding for finding in gate.findings if finding.severity != "minor"]
        return [finding for finding in deciding if fingerprint(gate.name, finding) not in known]

    def _by_message(self, findings: list[Finding]) -> dict[int, list[Finding]]:
        groups: dict[int, list[Finding]] = defaultdict(list)
        for finding in findings:
            groups[self._author(finding)].append(finding)
        return groups

    def _author(self, finding: Finding) -> int:
        """The index of the message that a finding came with; -1 without any message."""
        last = len(self.said) - 1
        if self.fault and finding.rule == "test-failed":
            role = "test_engineer" if self.fault == "test" else "developer"
            return next((at for at in range(last, -1, -1) if self.said[at].agent == role), last)
        wrote = [at for at in range(last + 1) if finding.file in _files(self.said[at])]
        return wrote[-1] if wrote and finding.rule != "test-failed" else last


def _turns(events: Iterable[Event]) -> Iterator[_Turn]:
    turn = _Turn(0, [], {})
    said: list[Message] = []
    for event in events:
        if isinstance(event, Message) and event.step in AUTHOR_STEPS:
            said.append(event)
        elif isinstance(event, Gate):
            if event.iteration != turn.iteration:
                yield turn
                turn = _Turn(event.iteration, said, turn.before | turn.gates)
                said = []
            turn.gates[event.name] = event
        elif isinstance(event, Verdict) and event.step == Step.FAULT and event.iteration == turn.iteration:
            turn.fault = event.verdict
    yield turn


def _files(message: Message) -> set[str]:
    blocks = read_message(message.content)
    return {block.path for block in blocks if isinstance(block, FileBlock | EditBlock)}
