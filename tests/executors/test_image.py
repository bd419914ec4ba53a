import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from executors import EnvironmentUnavailable, SandboxUnavailable, open_executor
from executors.daemon import connect
from executors.image import build_image, find_image, image_name

BASE = "devteam-base:bookworm"


@pytest.fixture
def client() -> Iterator[Any]:
    try:
        found = connect()
    except SandboxUnavailable as missing:
        pytest.skip(str(missing))
    yield found
    found.close()


def test_image_is_named_by_its_content() -> None:
    assert re.fullmatch(r"devteam-sandbox:[0-9a-f]{16}", image_name())
    assert image_name(["b", "a"]) == image_name(["a", "b"]) != image_name()


def test_what_is_no_requirement_is_refused() -> None:
    with pytest.raises(EnvironmentUnavailable, match="no package requirement"):
        image_name(["--index-url=x"])


def test_packages_do_not_go_into_somebody_elses_image(client: Any) -> None:
    with pytest.raises(EnvironmentUnavailable, match="cannot be added"):
        find_image(client, "theirs", ["requests"])


def test_packages_that_cannot_be_fetched_leave_no_image(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if not client.images.list(name=BASE):
        pytest.skip(f"there is no image {BASE}: .ci/docker makes it")
    for name, value in {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EnvironmentUnavailable, match="could not be fetched"):
        build_image(client, ["no-such-package"], base=BASE, progress=lambda line: None)
    assert client.images.list(name=image_name(["no-such-package"])) == []


def test_image_without_pytest_is_refused(client: Any, tmp_path: Path) -> None:
    if not client.images.list(name=BASE):
        pytest.skip(f"there is no image {BASE}: .ci/docker makes it")
    with pytest.raises(EnvironmentUnavailable, match=f"{BASE} has no pytest"):
        open_executor("docker", work_dir=tmp_path, image=BASE).run(["true"])
