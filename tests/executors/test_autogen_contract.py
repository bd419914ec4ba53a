"""What AutoGen expects of a code executor, held by every executor of ours.

Declared, and not offered: `functions`, the host's own functions as a module beside the code. AutoGen writes
their source into the workspace and installs what they require, unconfined, when code runs; here, a file in
the workspace and `packages` do the same in so many words. Nor `execution_policies`, nor a filter of words:
code is confined instead.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.landlocked import require_landlock

from executors import Executor, Limits, SandboxUnavailable, open_executor
from executors.confinement import View
from executors.interpreter import own_interpreter
from executors.landlocked import LandlockExecutor

LIMITS = Limits(wall_seconds=20)


def landlocked(work_dir: Path) -> Executor:
    require_landlock()
    return LandlockExecutor(View(work_dir, own_interpreter()), LIMITS, "Landlock")


WAYS: dict[str, Callable[[Path], Executor]] = {
    "local": lambda folder: open_executor(
        "local", work_dir=folder, limits=LIMITS, python=Path(sys.executable)
    ),
    "Landlock": landlocked,
    "docker": lambda folder: open_executor("docker", work_dir=folder, limits=LIMITS),
    "unconfined": lambda folder: open_executor(
        "unconfined", work_dir=folder, limits=LIMITS, python=Path(sys.executable)
    ),
}


@pytest.fixture(scope="module", params=WAYS)
def executor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    work_dir = tmp_path_factory.mktemp("work").resolve()
    try:
        opened = WAYS[request.param](work_dir)
    except SandboxUnavailable as missing:
        pytest.skip(str(missing))
    with opened:
        yield opened


def block(code: str, language: str = "python") -> Any:
    return SimpleNamespace(code=code, language=language)


class TestExecution:
    def test_it_is_a_code_executor_by_its_shape(self, executor: Executor) -> None:
        coding = pytest.importorskip("autogen.coding")
        assert isinstance(executor, coding.CodeExecutor)

    @pytest.mark.parametrize(
        ("code", "language", "said"),
        [
            ("import sys; sys.stdout.write('hello world!')", "python", "hello world!\n"),
            ("import sys; sys.stdout.write('hello world!')", "Python", "hello world!\n"),
            ("import sys; sys.stdout.write('hello world!')", "py", "hello world!\n"),
            ("echo 'hello world!'", "bash", "hello world!\n"),
            ("echo 'hello world!'", "shell", "hello world!\n"),
            ("echo 'hello world!'", "sh", "hello world!\n"),
        ],
    )
    def test_one_block(self, executor: Executor, code: str, language: str, said: str) -> None:
        result = executor.execute_code_blocks([block(code, language)])
        assert (result.exit_code, result.output) == (0, said)

    def test_a_result_has_its_attributes(self, executor: Executor) -> None:
        result = executor.execute_code_blocks([block("print(1)")])
        assert isinstance(result.exit_code, int) and isinstance(result.output, str)
        assert result.code_file is None

    def test_blocks_run_in_order_and_share_the_folder(self, executor: Executor) -> None:
        blocks = [
            block("import sys; sys.stdout.write('hello world!')"),
            block("a = 100 + 100; print(a)"),
            block("echo kept > kept.txt", "sh"),
            block("print(open('kept.txt').read())"),
        ]
        result = executor.execute_code_blocks(blocks)
        assert result.exit_code == 0
        assert result.output == "hello world!\n200\nkept\n\n"

    def test_no_blocks_are_no_failure(self, executor: Executor) -> None:
        assert executor.execute_code_blocks([]).exit_code == 0

    def test_the_first_failure_ends_it_and_keeps_what_was_said(self, executor: Executor) -> None:
        blocks = [block("print('before')"), block("raise ValueError('no')"), block("print('after')")]
        result = executor.execute_code_blocks(blocks)
        assert result.exit_code != 0
        assert result.output.startswith("before\n")
        assert "ValueError: no" in result.output
        assert "after" not in result.output

    def test_a_syntax_error_is_a_result(self, executor: Executor) -> None:
        result = executor.execute_code_blocks([block("print(")])
        assert result.exit_code != 0
        assert "does not parse" in result.output

    def test_an_unknown_language_is_a_result(self, executor: Executor) -> None:
        result = executor.execute_code_blocks([block("WRITE(*,*) 1", "fortran")])
        assert isinstance(result.exit_code, int)

    def test_a_timeout_has_exit_code_124_and_says_so(self, executor: Executor) -> None:
        slow = LIMITS.model_copy(update={"wall_seconds": 0.7})
        result = limited(executor, slow).execute_code_blocks(
            [block("import time\nprint('so far')\ntime.sleep(30)"), block("print('next')")]
        )
        assert result.exit_code == 124
        assert result.output == "so far\nTimeout: ended after 0.7 s\n"

    def test_another_limit_is_named(self, executor: Executor) -> None:
        small = LIMITS.model_copy(update={"file_mb": 1})
        result = limited(executor, small).execute_code_blocks(
            [block("f = open('big', 'wb')\nwhile True: f.write(bytes(100_000))")]
        )
        assert result.exit_code != 0
        assert result.output.endswith("Ended by its limit: file\n")

    def test_text_of_all_languages_passes(self, executor: Executor) -> None:
        result = executor.execute_code_blocks([block("print('Grüße, 世界 ✓')"), block("echo 'né'", "sh")])
        assert (result.exit_code, result.output) == (0, "Grüße, 世界 ✓\nné\n")

    def test_words_that_look_dangerous_are_only_words(self, executor: Executor) -> None:
        """A filter of words would refuse them; confinement needs none."""
        for code in ("echo yyyy-mm-dd", "echo 'rm -rf /'", "echo dd if=/dev/zero"):
            assert executor.execute_code_blocks([block(code, "sh")]).exit_code == 0


class TestFiles:
    @pytest.mark.parametrize("comment", ["# filename: {}", "# file: {}", "#filename:{}"])
    def test_a_first_comment_names_the_file(self, executor: Executor, comment: str) -> None:
        name = f"named_{abs(hash(comment)) % 1000}.py"
        source = f"{comment.format(name)}\nprint('named')\n"
        assert executor.execute_code_blocks([block(source)]).exit_code == 0
        assert "print('named')" in (executor.work_dir / name).read_text()
        assert executor.execute_code_blocks([block(f"python {name}", "sh")]).output == "named\n"

    def test_a_folder_in_the_name_is_made(self, executor: Executor) -> None:
        assert executor.execute_code_blocks([block("# filename: deep/er/file.py\nx = 1\n")]).exit_code == 0
        assert (executor.work_dir / "deep/er/file.py").is_file()

    @pytest.mark.parametrize("name", ["/tmp/out.py", "../out.py", "a/../../out.py", ".git/config"])
    def test_a_name_outside_the_workspace_is_refused(self, executor: Executor, name: str) -> None:
        result = executor.execute_code_blocks([block(f"# filename: {name}\nprint('hi')\n")])
        assert result.exit_code == 1
        assert "hi" not in result.output.splitlines()
        assert not (executor.work_dir.parent / "out.py").exists()

    def test_any_other_first_comment_is_a_comment(self, executor: Executor) -> None:
        result = executor.execute_code_blocks([block("# this is my file, tmp/x.py or so\nprint('ran')\n")])
        assert (result.exit_code, result.output) == (0, "ran\n")


class TestExtraction:
    def test_blocks_are_found_with_their_languages(self, executor: Executor) -> None:
        message = "First:\n```python\nprint(1)\n```\nthen\n```sh\necho 2\n```\n"
        found = executor.code_extractor.extract_code_blocks(message)
        assert [(one.language, one.code.strip()) for one in found] == [
            ("python", "print(1)"),
            ("sh", "echo 2"),
        ]
        assert executor.execute_code_blocks(found).output == "1\n2\n"

    @pytest.mark.parametrize("message", [None, "", "no code here", []])
    def test_nothing_is_found_where_nothing_is(self, executor: Executor, message: Any) -> None:
        assert executor.code_extractor.extract_code_blocks(message) == []

    def test_an_indented_or_spaced_fence_is_found(self, executor: Executor) -> None:
        for message in ("1. so\n\n   ```python\n   print('in')\n   ```\n", "``` python\nprint('in')\n```"):
            found = executor.code_extractor.extract_code_blocks(message)
            assert executor.execute_code_blocks(found).output == "in\n"


class TestState:
    def test_restart_keeps_files_and_nothing_else(self, executor: Executor) -> None:
        assert executor.execute_code_blocks([block("x = 1\nopen('state', 'w').write('1')")]).exit_code == 0
        executor.restart()
        result = executor.execute_code_blocks([block("print(open('state').read(), 'x' in globals())")])
        assert result.output == "1 False\n"


def limited(executor: Executor, limits: Limits) -> Executor:
    """The same sandbox over the same folder with other limits."""
    other = executor.over(executor.work_dir)
    other.limits = limits
    return other
