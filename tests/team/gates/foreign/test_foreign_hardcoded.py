"""JavaScript that knows the examples by heart, and JavaScript that only looks like it."""

from __future__ import annotations

from support.gate_trees import Make
from support.toolchains import require

from team.gates import judge, make_target
from team.gates.base import GateResult
from team.specs import ProblemSpec

EXAMPLES = [{"input": {"n": n}, "expected": letter} for n, letter in ((1, "a"), (2, "b"), (3, "c"))]
LETTERS = ProblemSpec.model_validate(
    {"description": "The nth letter.", "language": "javascript", "examples": EXAMPLES}
)


def judged(target: Make, text: str) -> GateResult:
    """The contract gate's result over a solution."""
    require("node")
    tree = target({"solution.js": text})
    spec_tree = make_target(tree.root, tree.sandbox, tree.settings, spec=LETTERS)
    (result,) = judge(spec_tree, ["contract"])
    return result


def test_code_that_answers_nothing_but_the_examples_is_found(target: Make) -> None:
    text = (
        "export function run_code(n) {\n  if (n === 1) return 'a';\n  if (n == 2) { return \"b\"; }\n"
        "  return { 3: `c` }[n] ?? '';\n}\n"
    )
    (finding,) = judged(target, text).findings
    assert (finding.file, finding.line, finding.rule) == ("solution.js", 1, "hard-coded")


def test_a_table_that_answers_more_is_fair(target: Make) -> None:
    table = "const known = { 1: 'a', 2: 'b', 3: 'c', 4: 'd', 5: 'e' };\n"
    text = f"{table}export const run_code = (n) => known[n] ?? null;\n"
    assert judged(target, text).status == "pass"
