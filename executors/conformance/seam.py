"""AutoGen's seam: whatever a message holds, the result is a result."""

from __future__ import annotations

from types import SimpleNamespace

from executors.base import Executor
from executors.conformance.fixtures import Conformance

_MESSAGE = """First the file, then how to run it.

```python
# filename: tool.py
print("made")
```

```json
{"not": "run"}
```

```sh
python tool.py
```
"""


class SeamConformance(Conformance):
    """`code_extractor` and `execute_code_blocks`."""

    def test_message_is_laid_down_and_run(self, executor: Executor) -> None:
        """Files first, then commands; what is neither is left alone."""
        blocks = executor.code_extractor.extract_code_blocks(_MESSAGE)
        result = executor.execute_code_blocks(blocks)
        assert (result.exit_code, result.output) == (0, "wrote tool.py\nmade\n")
        assert result.code_file is None

    def test_any_object_with_code_and_language_will_do(self, executor: Executor) -> None:
        """No class of AutoGen's is needed."""
        block = SimpleNamespace(code="print(6 * 7)", language="Python")
        assert executor.execute_code_blocks([block]).output == "42\n"

    def test_first_failure_ends_it(self, executor: Executor) -> None:
        """With its exit code."""
        blocks = [SimpleNamespace(code=code, language="sh") for code in ("echo a", "exit 3", "echo c")]
        result = executor.execute_code_blocks(blocks)
        assert (result.exit_code, result.output) == (3, "a\n")

    def test_nothing_raises(self, executor: Executor) -> None:
        """No blocks, strange blocks, bytes that are no text, paths that lead out."""
        assert executor.execute_code_blocks([]).exit_code == 0
        assert executor.code_extractor.extract_code_blocks(None) == []
        odd = [
            SimpleNamespace(code=None, language=None),
            SimpleNamespace(code="{}", language="json"),
            SimpleNamespace(code="printf '\\377'", language="bash"),
            SimpleNamespace(code="print('\ud800')", language="python"),
            object(),
        ]
        for block in odd:
            assert executor.execute_code_blocks([block]).exit_code in (0, 1)
        outside = SimpleNamespace(code="# filename: ../outside.py\nx = 1\n", language="python")
        assert executor.execute_code_blocks([outside]).exit_code == 1
        assert not (executor.work_dir.parent / "outside.py").exists()

    def test_parts_of_a_message_are_read(self, executor: Executor) -> None:
        """As chat protocols send them."""
        parts = [{"type": "text", "text": "```sh\necho hi\n```"}, {"type": "image_url", "image_url": {}}]
        blocks = executor.code_extractor.extract_code_blocks(parts)
        assert executor.execute_code_blocks(blocks).output == "hi\n"
