"""A small session as a real one would write it: a red iteration, a green one, an ending."""

from datetime import UTC, datetime

from team.gates.base import Finding
from team.transcript.events import (
    Event,
    Execution,
    Gate,
    Message,
    ModelCall,
    SessionEnded,
    SessionStarted,
    Snapshot,
    Verdict,
)

NAME = "20260102-030405-counter-beef"


def fixed_clock() -> datetime:
    return datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)


def answer(role: str, content: str, step: str = "code", digest: str = "", **more: object) -> ModelCall:
    told = {"content": content, "model": "m"}
    return ModelCall.model_validate(
        {"agent": role, "step": step, "answer": told, "request_digest": digest, "prompt_tokens": 100} | more
    )


def conversation(commits: tuple[str, str] = ("", "")) -> list[Event]:
    late = Finding(file="a.py", line=1, rule="F821", message="undefined name 'y'")
    code = "Here it is.\n\n```python\n# filename: a.py\nx = y\n```\n"
    return [
        SessionStarted(
            kind="run", spec={"requirements": "count"}, config={"model": "m"}, sandbox="namespaces"
        ),
        Message(step="start", content="count"),
        answer("developer", code, completion_tokens=20, cost_usd=0.5, request=({"content": "write a.py"},)),
        Message(agent="developer", step="code", content=code),
        Snapshot(agent="developer", iteration=1, commit=commits[0], changed=("a.py",)),
        Gate(agent="executor", iteration=1, name="syntax", status="pass"),
        Gate(agent="executor", iteration=1, name="lint", status="fail", findings=(late,)),
        Execution(iteration=1, command="python a.py", exit_code=1, output="NameError", seconds=0.1),
        answer("developer", "```python\n# filename: a.py\nx = 1\n```", step="repair_code", iteration=1),
        Snapshot(agent="developer", iteration=2, commit=commits[1], changed=("a.py",)),
        Gate(agent="executor", iteration=2, name="syntax", status="pass"),
        Gate(agent="executor", iteration=2, name="lint", status="pass"),
        Verdict(agent="code_reviewer", iteration=2, step="review", verdict="approve"),
        SessionEnded(iteration=2, status="accepted", reason="accepted", message="all is well", totals={}),
    ]
