"""Tokens for an entity with two rules in prose: the draft first, against asking for the whole module.

`python benchmarks/tokens.py [--all-gates]`. All sessions run here, one after the other, against a server on
the loopback that speaks the OpenAI protocol from a script and counts four characters as a token. The answers
lead to the same module: in the first session a model writes what the draft leaves open, in the others all of
it; once with everything that belongs to it, once only its code and tests, which is the fairer peer. Counted
is what the transcripts have on record. The syntax gate alone decides, as gates cost no tokens, unless all
are asked for.
Target: at most a fifth of the tokens of asking for the code and the tests.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.open_rules import ANSWERS, SPEC
from support.openai_server import OpenAIServer
from support.tapes import APPROVE

from team.config import CodeGenerationConfig
from team.models.draft import render_files
from team.result import GenerationResult
from team.session import run_session
from team.specs import Spec, TaskSpec, load_spec
from team.transcript import Transcript
from team.triage import is_test_path

TARGET = 1 / 5


def main() -> int:
    """Print both sessions; 1 when one was not accepted, or the target was missed."""
    gates: tuple[str, ...] = () if "--all-gates" in sys.argv[1:] else ("syntax",)
    spec = load_spec("crud", SPEC)
    with tempfile.TemporaryDirectory(prefix="tokens-") as folder:
        told = {"work_dir": Path(folder), "gates": gates}
        first = play("draft first", spec, ANSWERS, told)
        tree = {
            path: (Path(first.work_dir) / path).read_text()
            for path in (str(Path(file).relative_to(first.work_dir)) for file in first.files)
        }
        plan = next(m["content"] for m in first.chat_history if m.get("name") == "architect")
        whole = {"everything": tree, "code and tests": {p: t for p, t in tree.items() if p.endswith(".py")}}
        task = TaskSpec(requirements=spec.requirements_text())
        peers = {name: play(name, task, answers(files, plan), told) for name, files in whole.items()}
    ratios = {name: tokens(first) / tokens(peer) for name, peer in peers.items()}
    for name, ratio in ratios.items():
        print(f"draft first / asking for {name:<16} {ratio:6.3f}   (1/{1 / ratio:.1f})")
    accepted = all(result.accepted for result in (first, *peers.values()))
    return 0 if accepted and max(ratios.values()) <= TARGET else 1


def answers(files: Mapping[str, str], plan: str) -> dict[str, list[str]]:
    """What a model answers that writes all of these files at the first attempt."""
    tests = {path: text for path, text in files.items() if is_test_path(path)}
    code = {path: text for path, text in files.items() if not is_test_path(path)}
    return {
        "architect": [plan, APPROVE],
        "test_engineer": [render_files(tests)],
        "developer": [render_files(code)],
        "code_reviewer": [APPROVE],
    }


def play(name: str, spec: Spec, script: Mapping[str, list[Any]], told: Mapping[str, Any]) -> GenerationResult:
    """One session, with the tokens of every call printed."""
    with OpenAIServer(script) as server:
        config = CodeGenerationConfig(model="m", base_url=server.url, api_key=server.key, **told)
        result = run_session(spec, config)
        counted = server.prompt_tokens + server.completion_tokens
    print(f"{name}: {result.status}, {result.usage.calls} calls, {tokens(result):,} tokens")
    for call in Transcript.open(result.path).events("model_call"):
        if call.prompt_tokens:  # type: ignore[attr-defined]
            print(f"    {call.step:<12} {call.prompt_tokens:7,} in {call.completion_tokens:7,} out")  # type: ignore[attr-defined]
    if counted != tokens(result):
        raise SystemExit(f"the server counted {counted:,} tokens, on record are {tokens(result):,}")
    return result


def tokens(result: GenerationResult) -> int:
    """All tokens of a session."""
    return result.usage.prompt_tokens + result.usage.completion_tokens


if __name__ == "__main__":
    raise SystemExit(main())
