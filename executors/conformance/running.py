"""Programs run in the workspace, and nothing of theirs is lost, mixed up or left running."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from executors.base import Executor
from executors.conformance.fixtures import Conformance, python

_HEARTBEAT = "import time\nwhile True:\n    open('beat', 'a').write('.')\n    time.sleep(0.01)\n"


class RunningConformance(Conformance):
    """What a run is."""

    def test_program_ends_by_itself(self, executor: Executor) -> None:
        """Exit code 0, its output, no limit."""
        outcome = python(executor, "print('hello')")
        assert (outcome.exit_code, outcome.output, outcome.limit) == (0, "hello\n", None)
        assert outcome.ok

    def test_exit_code_is_the_programs_own(self, executor: Executor) -> None:
        """A failure is an outcome."""
        outcome = python(executor, "raise SystemExit(7)")
        assert outcome.exit_code == 7
        assert not outcome.ok

    def test_signal_is_told_as_shells_do(self, executor: Executor) -> None:
        """128 and the signal's number."""
        outcome = python(executor, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
        assert outcome.exit_code == 128 + signal.SIGTERM

    def test_unknown_program_is_an_outcome(self, executor: Executor) -> None:
        """127, as shells have it; not an exception."""
        assert executor.run(["no-such-program"]).exit_code == 127

    def test_no_program_is_a_mistake_of_the_caller(self, executor: Executor) -> None:
        """An empty argv."""
        with pytest.raises(ValueError, match="argv"):
            executor.run([])

    def test_arguments_arrive_as_they_are(self, executor: Executor) -> None:
        """No shell is in between."""
        arguments = ["a b", "'\"", "$HOME", "é\n✓", ""]
        outcome = executor.run(
            ["python", "-c", "import sys; print(sys.argv[1:] == " + repr(arguments) + ")", *arguments]
        )
        assert outcome.output == "True\n"

    def test_python_is_the_same_in_a_shell(self, executor: Executor) -> None:
        """The name is on the path, too."""
        ask = "import sys; print(sys.prefix)"
        assert executor.run(["sh", "-c", f"python -c '{ask}'"]).output == python(executor, ask).output

    def test_stdin_is_empty_unless_given(self, executor: Executor) -> None:
        """Reading it neither waits nor reads ours."""
        code = ["python", "-c", "import sys; print(sys.stdin.read().upper())"]
        assert executor.run(code).output == "\n"
        assert executor.run(code, stdin=b"word").output == "WORD\n"

    def test_large_stdin_does_not_block(self, executor: Executor) -> None:
        """Even for a program that does not read it."""
        assert executor.run(["python", "-c", "print(1)"], stdin=b"x" * 1_000_000).output == "1\n"

    def test_files_stay_between_runs(self, executor: Executor) -> None:
        """They are the state, also after `restart`."""
        python(executor, "open('a.txt', 'w').write('kept')")
        executor.restart()
        assert python(executor, "print(open('a.txt').read())").output == "kept\n"
        assert (executor.work_dir / "a.txt").read_text() == "kept"

    def test_changed_files_are_named(self, executor: Executor) -> None:
        """Added, altered and removed ones, sorted; not the untouched, not folders."""
        python(executor, "for n in ('gone', 'same', 'altered'): open(n, 'w').write('1')")
        outcome = python(
            executor,
            "import os\nos.remove('gone'); open('altered', 'w').write('2')\n"
            "os.makedirs('d/e'); open('d/e/new é', 'w'); os.utime('altered', (0, 0))",
        )
        assert outcome.files_changed == ("altered", "d/e/new é", "gone")

    def test_streams_are_one_output(self, executor: Executor) -> None:
        """In the order in which they were written."""
        code = "import sys\nfor i in range(3): print(i); print('e', i, file=sys.stderr)"
        assert python(executor, code).output == "0\ne 0\n1\ne 1\n2\ne 2\n"

    def test_report_is_kept_apart(self, executor: Executor) -> None:
        """Whole and as bytes."""
        code = "import os; os.write(1, b'\\xff' * 1_000_000); os.write(2, b'said')"
        reported = executor.run_reporting(["python", "-c", code])
        assert reported.report == b"\xff" * 1_000_000
        assert reported.outcome.output == "said"

    def test_too_long_a_report_ends_the_run(self, executor: Executor) -> None:
        """At 16 MiB."""
        code = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
        reported = executor.run_reporting(["python", "-c", code])
        assert reported.outcome.limit == "output"
        assert len(reported.report) <= 16 * 1024 * 1024

    def test_our_environment_is_not_passed_on(
        self, executor: Executor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither keys nor anything else that was not chosen."""
        monkeypatch.setenv("OPENAI_API_KEY", "very-secret")
        seen = executor.run(
            ["sh", "-c", "env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n' | grep -a ^OPENAI"]
        )
        assert "HOME=" in seen.output
        if executor.name != "unconfined":
            assert "very-secret" not in seen.output
        assert "very-secret" not in executor.run(["env"]).output

    def test_no_descriptor_is_inherited(self, executor: Executor) -> None:
        """Only the three standard ones are open."""
        leaked, other = os.pipe()
        os.set_inheritable(leaked, True)
        try:
            code = (
                "import os\nfor n in range(3, 99):\n    try: os.fstat(n); print(n)\n    except OSError: pass"
            )
            assert python(executor, code).output == ""
        finally:
            os.close(leaked)
            os.close(other)

    def test_background_child_ends_with_its_parent(self, executor: Executor) -> None:
        """The run is over, not timed out, although the child holds the output."""
        outcome = executor.run(["sh", "-c", "sleep 60 & echo done"])
        assert (outcome.output, outcome.limit) == ("done\n", None)
        assert outcome.seconds < 5

    def test_daemon_does_not_outlive_the_run(self, executor: Executor) -> None:
        """Not even one in a session of its own."""
        (executor.work_dir / "beat.py").write_text(_HEARTBEAT)
        code = (
            "import os, subprocess, time\n"
            "subprocess.Popen(['python', 'beat.py'], start_new_session=True)\n"
            "while not os.path.exists('beat'): time.sleep(0.01)"
        )
        assert python(executor, code).ok
        beats = (executor.work_dir / "beat").stat().st_size
        time.sleep(0.1)
        assert (executor.work_dir / "beat").stat().st_size == beats

    def test_interrupt_ends_the_tree(self, executor: Executor) -> None:
        """Ctrl-C in the caller leaves nothing behind."""
        beat = executor.work_dir / "beat"

        def interrupt() -> None:
            while not beat.exists():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)

        interrupter = threading.Thread(target=interrupt)
        interrupter.start()
        with pytest.raises(KeyboardInterrupt):
            python(executor, _HEARTBEAT)
        interrupter.join()
        beats = beat.stat().st_size
        time.sleep(0.1)
        assert beat.stat().st_size == beats

    def test_same_program_says_the_same(self, executor: Executor) -> None:
        """Hashing is not randomised."""
        code = "print(list({'a', 'b', 'c', 'd'}), hash('x'))"
        assert python(executor, code).output == python(executor, code).output

    def test_runs_may_overlap(self, executor: Executor) -> None:
        """From several threads."""
        with ThreadPoolExecutor(4) as threads:
            outcomes = threads.map(lambda n: python(executor, f"print({n})").output, range(8))
            assert list(outcomes) == [f"{n}\n" for n in range(8)]

    def test_closing_twice_is_fine(self, executor: Executor) -> None:
        """And nothing is left open by it."""
        executor.close()
        executor.close()
