"""What JavaScript functions answer, asked in a real sandbox: values, exceptions, and code that misbehaves."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.toolchains import require

from executors import SandboxUnavailable, open_executor
from team.gates.base import GateSettings, Target
from team.gates.contract.calls import Answer, Call, ask
from team.gates.contract.sameness import same
from team.gates.runner.plain_values import encode
from team.gates.target import make_target
from team.specs import ProblemSpec

MODULE = """
import { spawn } from "node:child_process";
import { helper } from "./lib/helper.mjs";
export const add = (first, second = 40) => first + second;
export function order(a, b, c) { return [a, b, c]; }
export async function later(n) { await new Promise((done) => setTimeout(done, 5)); return n * 2; }
export function apart({ low, high }) { return high - low; }
export const kinds = (which) => ({
  nothing: undefined, nan: NaN, infinite: -Infinity, minus: -0, big: 2n ** 70n, unsafe: 2 ** 53,
  date: new Date(0), map: new Map([["a", 1]]), holes: [1, , 3], typed: new Uint8Array([1, 2]),
  nested: { a: [1.5, null, { b: undefined }] }, function: () => 1, text: "ä\\ud83d\\ude00",
})[which];
export function echo(value) { return typeof value === "bigint" ? value + 1n : value; }
export function circle() { const all = []; all.push(all); return all; }
export class NotFound extends RangeError {}
export function fails(how) {
  if (how === "own") throw new NotFound("not here");
  if (how === "text") throw "just text";
  if (how === "rejected") return Promise.reject(new TypeError("no"));
  throw new Error("wrong");
}
export function leaves() { process.exit(0); }
export function prints() { console.log('{"returned": 1}'); process.stdout.write("no end"); return 2; }
export function hangs() { for (;;); }
export function waits() { return new Promise(() => {}); }
export function lingers() { setInterval(() => {}, 1000); return helper(); }
export function leaves_a_child() {
  spawn("sleep", ["60"], { detached: true, stdio: ["ignore", "inherit", "inherit"] });
  return 4;
}
export function floods() { for (let n = 0; n < 300000; n++) console.log("a line of no interest"); return 5; }
export function kills() { process.kill(process.ppid, "SIGKILL"); return 6; }
export function tampers() { JSON.stringify = () => "1"; process.reallyExit = () => {}; return 3; }
"""
SCRIPT = "function plain(n) {\n  return n + 1;\n}\n"
COMMON = "module.exports = { common: (n) => n + 2 };\n"
FILES = {
    "solution.js": MODULE,
    "lib/helper.mjs": "export const helper = () => 'helped';\n",
    "script.js": SCRIPT,
    "common.cjs": COMMON,
    "throws.mjs": "throw new Error('at once');\nexport function never() {}\n",
}
CALLS: dict[str, tuple[str, dict[str, Any], Any]] = {
    "arguments go by name": ("order", {"c": 3, "a": 1, "b": 2}, [1, 2, 3]),
    "and by place where the names are others": ("order", {"x": 1, "y": 2, "z": 3}, [1, 2, 3]),
    "a default stays": ("add", {"first": 2}, 42),
    "an object is taken apart": ("apart", {"low": 1, "high": 4}, 3),
    "a promise is waited for": ("later", {"n": 21}, 42),
    "undefined is null": ("kinds", {"which": "nothing"}, None),
    "NaN": ("kinds", {"which": "nan"}, math.nan),
    "infinity": ("kinds", {"which": "infinite"}, -math.inf),
    "minus zero": ("kinds", {"which": "minus"}, -0.0),
    "a BigInt is an integer": ("kinds", {"which": "big"}, 2**70),
    "a large number is exact": ("kinds", {"which": "unsafe"}, 2**53),
    "a large integer comes in as BigInt": ("echo", {"value": 2**64}, 2**64 + 1),
    "a date is text": ("kinds", {"which": "date"}, "1970-01-01T00:00:00.000Z"),
    "a map is a dict": ("kinds", {"which": "map"}, {"a": 1}),
    "holes are null": ("kinds", {"which": "holes"}, [1, None, 3]),
    "typed arrays are lists": ("kinds", {"which": "typed"}, [1, 2]),
    "an undefined key is left out": ("kinds", {"which": "nested"}, {"a": [1.5, None, {}]}),
    "text": ("kinds", {"which": "text"}, "ä😀"),
    "nested input": ("echo", {"value": {"a": [1, {"b": None}], "": ""}}, {"a": [1, {"b": None}], "": ""}),
    "prints do not disturb": ("prints", {}, 2),
    "timers do not hold": ("lingers", {}, "helped"),
    "changed globals do not either": ("tampers", {}, 3),
    "a child does not hold it": ("leaves_a_child", {}, 4),
    "nor does a flood": ("floods", {}, 5),
    "a script without exports": ("plain", {"n": 1}, 2),
    "module.exports": ("common", {"n": 1}, 3),
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """All the functions, in one sandbox."""
    require("node")
    root = tmp_path_factory.mktemp("javascript")
    for path, text in FILES.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    spec = ProblemSpec(description="Many.", language="javascript")
    try:
        with open_executor("auto", work_dir=root, python=Path(sys.executable)) as sandbox:
            yield make_target(root, sandbox, GateSettings(timeout=90), spec=spec)
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


@pytest.fixture(scope="module")
def asked(target: Target) -> Callable[..., Answer]:
    """What a function answers: all calls of these tests are made at once."""
    calls = [(name, given) for name, given, _ in CALLS.values()]
    calls += [("fails", {"how": how}) for how in ("own", "text", "rejected", "plain")]
    calls += [(name, {}) for name in ("leaves", "hangs", "waits", "circle", "never", "nowhere")]
    calls += [("kinds", {"which": "function"})]
    made = [Call(name, (), {key: encode(value) for key, value in given.items()}) for name, given in calls]
    answers = ask(target, made)
    found = {str(call): answer for call, answer in zip(made, answers, strict=True)}

    def one(name: str, **given: Any) -> Answer:
        return found[str(Call(name, (), {key: encode(value) for key, value in given.items()}))]

    return one


@pytest.mark.parametrize(("name", "given", "expected"), CALLS.values(), ids=CALLS)
def test_values_cross_the_border(
    asked: Callable[..., Answer], name: str, given: dict[str, Any], expected: Any
) -> None:
    answer = asked(name, **given)
    assert same(answer.returned, encode(expected), loose=True), str(answer)
    assert not answer.trouble
    assert not answer.raised


@pytest.mark.parametrize(
    ("how", "names", "words"),
    [
        ("own", {"NotFound", "RangeError", "Error", "ValueError", "Exception"}, "not here"),
        ("text", {"String", "ValueError"}, "just text"),
        ("rejected", {"TypeError", "Error", "KeyError"}, "no"),
        ("plain", {"Error", "ValueError"}, "wrong"),
    ],
)
def test_what_is_thrown_is_told_by_its_names(
    asked: Callable[..., Answer], how: str, names: set[str], words: str
) -> None:
    answer = asked("fails", how=how)
    assert names <= set(answer.kinds)
    assert answer.words == words


def test_a_name_that_the_language_has_itself_is_meant(asked: Callable[..., Answer]) -> None:
    assert "TypeError" not in asked("fails", how="plain").kinds


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("leaves", "its process ends with code 0 before it answers"),
        ("hangs", "it does not answer within 10 s"),
        ("waits", "its process ends with code 13 before it answers"),
        ("never", "throws.mjs cannot be loaded: at once"),
        ("nowhere", "no source file exports nowhere"),
    ],
)
def test_a_call_without_an_answer_says_why(asked: Callable[..., Answer], name: str, trouble: str) -> None:
    assert asked(name).trouble.startswith(trouble)


def test_who_kills_what_makes_the_calls_has_no_answer(target: Target) -> None:
    (answer,) = ask(target, [Call("kills")])
    assert answer.trouble.startswith("it gives no answer")


def test_what_is_no_plain_data_is_no_value(asked: Callable[..., Answer]) -> None:
    assert asked("circle").raised == "NotPlain"
    assert not same(asked("kinds", which="function").returned, encode(1))


def test_a_function_is_named_with_its_place(asked: Callable[..., Answer]) -> None:
    line = next(at for at, text in enumerate(MODULE.splitlines(), start=1) if "function prints" in text)
    assert asked("prints").place == ("solution.js", line)
    assert asked("plain", n=1).place == ("script.js", 1)
