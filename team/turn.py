"""The executor's turn: lay down what the authors wrote, tidy it, judge it, and say what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from executors import Executor, Limits
from executors.blocks import Block, CommandBlock, read_message
from executors.laying import Laid, Refusal, lay_down
from team import worktree
from team.board import Said
from team.consent import KEPT, Consent
from team.errors import GateError
from team.gates import GATE_NAMES, judge, make_target, tidy
from team.gates.base import Finding, GateResult, GateSettings
from team.gates.integrity.past import Mandate, TreeState
from team.gates.integrity.state import read_state
from team.gates.report import as_text
from team.generators.solve.cases import point_to_solution
from team.report import TurnReport
from team.transcript.events import Execution, Gate, Snapshot
from team.transcript.history import History
from team.transcript.opening import NullHistory
from team.transcript.store import SessionLog
from team.triage import is_test_path

if TYPE_CHECKING:
    from team.specs import Spec

COMMAND_SECONDS = 20.0
MAX_COMMANDS = 5
TEST_GATES = frozenset({"tests", "coverage", "mutation"})


@dataclass
class ExecutorTurn:
    """Runs the executor's turns of one session over one workspace."""

    spec: Spec
    root: Path
    sandbox: Executor
    history: History | NullHistory
    log: SessionLog
    settings: GateSettings
    gates: tuple[str, ...]
    include_tests: bool
    on_status: Callable[[str], None]
    past: list[TreeState] = field(default_factory=list)
    consent: Consent | None = None
    open_rules: tuple[str, ...] = ()

    def run(self, said: Sequence[Said], iteration: int, mandate: Mandate) -> TurnReport:
        """One turn over the authors' messages since the last one, who could change tests as `mandate` says.

        On resume, what the log already holds of this turn is served from there.

        Raises:
            executors.SandboxUnavailable: the machine lost what confines the run.
            team.errors.DiskTrouble: the workspace or the log cannot be written.
            team.errors.GateError: a gate could not be run.
        """
        snapshot = self._lay_down(said, iteration)
        results = tuple(self._judge(iteration, mandate))
        self.past.append(read_state(self.root, mandate))
        for result in results:
            if result.status == "error":
                raise GateError(f"the gate {result.name} could not be run: {result.why}", "devteam doctor")
        runs: list[Execution] = []
        if snapshot.commit:  # what commands leave behind is undone, which takes a snapshot
            runs = [self._command(block, iteration) for block in _commands(said)]
            if runs:
                self.history.restore(snapshot.commit)
        refused = list(snapshot.refused)
        if not any(path for path in worktree.paths(self.root) if not is_test_path(path)):
            refused.append(Finding(rule="no-source", message="no source file was written yet"))
        if not any(
            result.red for result in results
        ):  # nothing is left that a kept test could be at odds with
            refused = [_told_only(finding) if finding.rule == KEPT else finding for finding in refused]
        return TurnReport(
            iteration,
            commit=snapshot.commit,
            tree=(self.history.tree(snapshot.commit) if snapshot.commit else "") or f"iteration-{iteration}",
            results=results,
            refused=tuple(refused),
            changed=snapshot.changed,
            text=self._text(results, refused, runs),
        )

    def _lay_down(self, said: Sequence[Said], iteration: int) -> Snapshot:
        recorded = self.log.recorded("snapshot", iteration=iteration)
        if isinstance(recorded, Snapshot) and recorded.commit:
            self.history.restore(recorded.commit)
            self.log.record(recorded)
            return recorded
        self.on_status("laying down the files")
        refused: list[Finding] = []
        changed: set[str] = set()
        for message in said:
            laid = lay_down(
                self.root, read_message(message.content), may_write=self._may_write(message.agent)
            )
            changed.update(laid.changed)
            refused.extend(_refusals(message.agent, laid))
        point_to_solution(self.root, self.spec)
        target = make_target(self.root, self.sandbox, self.settings)
        tidied = tidy(target, sorted(path for path in changed if path.endswith(".py")))
        if self.consent and self.past:
            refused.extend(self.consent.on_changed_tests(self.root, self.past[-1].tests, iteration))
        author = said[-1].agent if said else "executor"
        taken = self.history.snapshot(author, f"iteration {iteration}")
        event = Snapshot(
            agent=author,
            iteration=iteration,
            commit=taken.commit,
            changed=tuple(sorted(changed | set(tidied))),
            refused=tuple(refused),
        )
        self.log.record(event)
        return event

    def _may_write(self, agent: str) -> Callable[[str], bool]:
        if not self.include_tests:
            return lambda path: True
        return lambda path: is_test_path(path) == (agent == "test_engineer")

    def _judge(self, iteration: int, mandate: Mandate) -> Iterable[GateResult]:
        """The chosen gates: recorded ones from the log, the others now, in the gates' own order."""
        wanted = [name for name in GATE_NAMES if name in self.gates]
        results: dict[str, GateResult] = {}
        for name in wanted:
            event = self.log.recorded("gate", iteration=iteration, name=name)
            if isinstance(event, Gate):
                self.log.record(event)
                results[name] = _result(event)
        left = [name for name in wanted if name not in results]
        self._ask_for_packages(iteration)
        if left:
            target = make_target(self.root, self.sandbox, self.settings, spec=self.spec)
            target = replace(target, past=tuple(self.past), mandate=mandate, open_rules=self.open_rules)
            for result in judge(target, left, on_start=lambda name: self.on_status(f"gate {name}")):
                self.log.record(_event(result, iteration))
                results[result.name] = result
        return [results[name] for name in wanted]

    def _ask_for_packages(self, iteration: int) -> None:
        """Also on resume: what was approved then has to be there again."""
        if self.consent and "dependencies" in self.gates:
            target = make_target(self.root, self.sandbox, self.settings, spec=self.spec)
            self.sandbox = self.consent.on_packages(target, iteration) or self.sandbox

    def _command(self, block: CommandBlock, iteration: int) -> Execution:
        recorded = self.log.recorded("execution", iteration=iteration, agent="executor")
        if isinstance(recorded, Execution):
            self.log.record(recorded)
            return recorded
        self.on_status("running a command block")
        program = ["sh", "-c", block.code] if block.language == "sh" else ["python", "-c", block.code]
        seconds = min(COMMAND_SECONDS, self.settings.timeout)
        outcome = self.sandbox.run(program, limits=_shorter(self.sandbox.limits, seconds))
        event = Execution(
            agent="executor",
            iteration=iteration,
            language=block.language,
            command=block.code,
            exit_code=outcome.exit_code,
            output=outcome.output,
            seconds=outcome.seconds,
            limit=outcome.limit,
        )
        self.log.record(event)
        return event

    def _text(
        self, results: Sequence[GateResult], refused: Sequence[Finding], runs: Sequence[Execution]
    ) -> str:
        parts = [as_text(list(results))]
        if refused:
            parts.append("Not laid down:\n" + "\n".join(f"- {finding}" for finding in refused))
        for run in runs:
            ending = f"limit: {run.limit}" if run.limit else f"exit code {run.exit_code}"
            output = run.output.replace(str(self.root), ".").strip()[-2000:]
            parts.append(f"Command block ({run.language}, {ending}), for information:\n{output}")
        return "\n\n".join(parts)


def _shorter(limits: Limits, seconds: float) -> Limits:
    return limits.model_copy(update={"wall_seconds": min(limits.wall_seconds, seconds)})


def _commands(said: Sequence[Said]) -> list[CommandBlock]:
    blocks: list[Block] = [block for message in said for block in read_message(message.content)]
    return [block for block in blocks if isinstance(block, CommandBlock)][:MAX_COMMANDS]


def _refusals(agent: str, laid: Laid) -> list[Finding]:
    """Refused blocks as findings; a block outside its author's part or without a name decides nothing."""
    return [
        Finding(
            file=refusal.path,
            rule=f"refused-{refusal.rule}",
            severity="minor" if _harmless(refusal, laid) else "major",
            message=f"a block of {agent}: {refusal.message}",
        )
        for refusal in laid.refused
    ]


def _harmless(refusal: Refusal, laid: Laid) -> bool:
    return refusal.rule == "owner" or (refusal.rule == "block" and bool(laid.changed))


def _told_only(finding: Finding) -> Finding:
    return finding.model_copy(update={"severity": "minor"})


def _event(result: GateResult, iteration: int) -> Gate:
    return Gate(
        agent="executor",
        iteration=iteration,
        name=result.name,
        status=result.status,
        findings=result.findings,
        seconds=result.seconds,
        why=result.why,
        evidence=result.evidence,
        cases=result.cases,
    )


def _result(event: Gate) -> GateResult:
    return GateResult(
        name=event.name,
        status=event.status,
        findings=event.findings,
        seconds=event.seconds,
        why=event.why,
        evidence=event.evidence,
        cases=event.cases,
    )
