"""Generating again into folders in which people worked: real files, real git."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from executors.folder import InTheWay
from team.errors import ConfigError
from team.regeneration.manifest import read_manifest
from team.regeneration.outcome import Regeneration
from team.regeneration.regenerate import check_output, regenerate
from team.specs import load_spec

SPEC = load_spec("crud", {"name": "Note", "fields": [{"name": "title", "type": "string"}]})
ETL = {"source": "a file", "transformations": ["tidy it"], "destination": "a table"}

V1 = {"app/models.py": "one\ntwo\nthree\n", "app/old.py": "old\n", "README.md": "# App\n"}
V2 = {"app/models.py": "one\ntwo\nthree\nfour\n", "app/new.py": "new\n", "README.md": "# App 2\n"}


class Place:
    """A folder that is generated into."""

    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path
        self.output = tmp_path / "out"

    def generate(self, files: dict[str, str]) -> Regeneration:
        made = self.root / "files"
        for path, text in files.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_text(text)
        try:
            return regenerate(made, self.output, SPEC)
        finally:
            for path in files:
                (made / path).unlink()

    def edit(self, path: str, text: str | None) -> None:
        place = self.output / path
        if text is None:
            place.unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    def read(self, path: str) -> str | None:
        place = self.output / path
        return place.read_text() if place.is_file() else None

    def tree(self) -> dict[str, str]:
        found = (path for path in self.output.rglob("*") if path.is_file())
        names = {path.relative_to(self.output).as_posix(): path.read_text() for path in found}
        return {name: text for name, text in names.items() if name != ".devteam/manifest.json"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_new_folder_gets_all_files_and_a_manifest(place: Place) -> None:
    done = place.generate(V1)
    assert (done.status, done.exit_code) == ("written", 0)
    assert done.created == tuple(sorted(V1))
    assert place.tree() == V1
    manifest = read_manifest(place.output)
    assert manifest is not None
    assert (manifest.format, manifest.kind, manifest.spec) == (
        1,
        "crud",
        SPEC.model_dump(mode="json", exclude_none=True),
    )
    assert {path: content.decode() for path, content in manifest.contents().items()} == V1


def test_the_same_again_changes_no_byte(place: Place) -> None:
    place.generate(V1)
    before = (place.output / ".devteam/manifest.json").stat()
    done = place.generate(V1)
    assert done == Regeneration(path=str(place.output), status="written")
    assert (place.output / ".devteam/manifest.json").stat().st_ino == before.st_ino


def test_what_nobody_edited_is_replaced_and_what_is_no_longer_made_goes(place: Place) -> None:
    place.generate(V1)
    done = place.generate(V2)
    assert place.tree() == V2
    assert (done.created, done.updated, done.removed) == (
        ("app/new.py",),
        ("README.md", "app/models.py"),
        ("app/old.py",),
    )
    assert not done.by_hand


def test_edits_stay_and_the_new_generation_joins_them(place: Place) -> None:
    place.generate(V1)
    place.edit("app/models.py", "zero\none\ntwo\nthree\n")
    place.edit("app/mine.py", "mine\n")
    done = place.generate(V2)
    assert place.read("app/models.py") == "zero\none\ntwo\nthree\nfour\n"
    assert place.read("app/mine.py") == "mine\n"
    assert (done.merged, done.conflicts, done.exit_code) == (("app/models.py",), (), 0)
    assert done.by_hand


def test_edits_outlive_many_generations(place: Place) -> None:
    place.generate(V1)
    place.edit("app/models.py", "zero\none\ntwo\nthree\n")
    for files in (V2, V1, V2, V2):
        assert place.generate(files).conflicts == ()
    assert place.read("app/models.py") == "zero\none\ntwo\nthree\nfour\n"


def test_a_conflict_stands_in_the_file_until_it_is_decided(place: Place) -> None:
    place.generate(V1)
    place.edit("app/models.py", "one\ntwo\nTHREE\n")
    done = place.generate(V2)
    assert (done.status, done.exit_code) == ("conflicts", 1)
    assert [(c.file, c.line) for c in done.conflicts] == [("app/models.py", 3)]
    marked = place.read("app/models.py")
    assert marked is not None
    assert "THREE" in marked and "four" in marked

    again = place.generate(V2 | {"app/models.py": "one\ntwo\nthree\nfour\nfive\n"})
    assert [(c.file, c.line) for c in again.conflicts] == [("app/models.py", 3)]
    assert place.read("app/models.py") == marked

    place.edit("app/models.py", "one\ntwo\nTHREE\nfour\n")
    decided = place.generate(V2)
    assert (decided.status, decided.edited) == ("written", ("app/models.py",))
    assert place.read("app/models.py") == "one\ntwo\nTHREE\nfour\n"


def test_what_was_deleted_by_hand_stays_deleted(place: Place) -> None:
    place.generate(V1)
    place.edit("app/old.py", None)
    done = place.generate(V1)
    assert place.read("app/old.py") is None
    assert (done.status, done.edited) == ("written", ("app/old.py",))


def test_what_was_deleted_by_hand_and_changes_is_offered_beside(place: Place) -> None:
    place.generate(V1)
    place.edit("README.md", None)
    done = place.generate(V2)
    assert place.read("README.md") is None
    assert place.read(".devteam/theirs/README.md") == "# App 2\n"
    assert [c.file for c in done.conflicts] == ["README.md"]
    assert place.generate(V2).status == "conflicts"
    place.edit(".devteam/theirs/README.md", None)
    assert place.generate(V2).status == "written"
    assert place.read("README.md") is None


def test_a_file_of_a_person_is_never_overwritten(place: Place) -> None:
    place.edit("README.md", "# Mine\n")
    done = place.generate(V1)
    assert place.read("README.md") == "# Mine\n"
    assert place.read(".devteam/theirs/README.md") == "# App\n"
    assert done.created == ("app/models.py", "app/old.py")
    assert str(done.conflicts[0]) == (
        "README.md: a file of yours is there already; the generated one is .devteam/theirs/README.md"
    )
    place.edit("README.md", "# App\n")
    settled = place.generate(V1)
    assert (settled.status, place.read(".devteam/theirs/README.md")) == ("written", None)


def test_a_new_offer_takes_the_place_of_an_old_one(place: Place) -> None:
    place.edit("README.md", "# Mine\n")
    place.generate(V1)
    done = place.generate(V2)
    assert place.read(".devteam/theirs/README.md") == "# App 2\n"
    assert done.conflicts[0].reason == "it is yours; decide, then remove .devteam/theirs/README.md"


def test_a_file_of_the_same_content_is_taken_for_generated(place: Place) -> None:
    place.edit("README.md", V1["README.md"])
    assert place.generate(V1).status == "written"
    assert place.generate(V2).updated == ("README.md", "app/models.py")


def test_an_edited_file_that_is_no_longer_made_is_kept_and_named(place: Place) -> None:
    place.generate(V1)
    place.edit("app/old.py", "old\nmine\n")
    done = place.generate(V2)
    assert (done.kept, done.exit_code) == (("app/old.py",), 0)
    assert place.read("app/old.py") == "old\nmine\n"
    assert place.generate(V2).kept == ()


def test_a_folder_that_is_empty_then_goes_too(place: Place) -> None:
    place.generate(V1 | {"app/deep/only.py": "x\n"})
    place.generate(V1)
    assert not (place.output / "app/deep").exists()
    assert (place.output / "app").is_dir()


def test_links_and_folders_in_a_files_place_are_left_alone(place: Place, tmp_path: Path) -> None:
    place.output.mkdir()
    (tmp_path / "secret").write_text("do not touch\n")
    (place.output / "README.md").symlink_to(tmp_path / "secret")
    (tmp_path / "elsewhere").mkdir()
    (place.output / "app").symlink_to(tmp_path / "elsewhere")
    done = place.generate(V1)
    assert {c.file for c in done.conflicts} == set(V1)
    assert (tmp_path / "secret").read_text() == "do not touch\n"
    assert not any((tmp_path / "elsewhere").iterdir())


def test_generated_files_cannot_pass_for_the_manifest(place: Place) -> None:
    place.generate(V1 | {".devteam/manifest.json": "{}", ".DevTeam/theirs/x": "x"})
    assert place.tree() == V1
    assert read_manifest(place.output) is not None


def test_a_merged_file_stays_executable(place: Place) -> None:
    place.generate(V1)
    place.edit("app/models.py", "zero\none\ntwo\nthree\n")
    (place.output / "app/models.py").chmod(0o755)
    place.generate(V2)
    assert os.access(place.output / "app/models.py", os.X_OK)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "it is not JSON"),
        ('{"format": 1}', "kind: Field required"),
        ('{"format": 2, "anything": 1}', "newer devteam"),
        (
            '{"kind": "", "spec_sha256": "", "spec": {}, "files": {"../x": {"sha256": ""}}}',
            "leaves the workspace",
        ),
    ],
)
def test_a_damaged_manifest_is_named_before_any_work(place: Place, content: str, words: str) -> None:
    place.edit(".devteam/manifest.json", content)
    with pytest.raises(ConfigError, match=words):
        check_output(place.output, SPEC)


def test_a_manifest_whose_texts_were_changed_is_not_believed(place: Place) -> None:
    place.generate(V1)
    data = json.loads((place.output / ".devteam/manifest.json").read_text())
    data["files"]["README.md"]["content"] = data["files"]["app/old.py"]["content"]
    place.edit(".devteam/manifest.json", json.dumps(data))
    with pytest.raises(ConfigError, match="digest"):
        place.generate(V2)
    assert place.read("README.md") == V1["README.md"]


def test_a_folder_of_another_kind_is_refused(place: Place) -> None:
    place.generate(V1)
    with pytest.raises(ConfigError, match="what `devteam crud` generated, not `devteam etl`"):
        check_output(place.output, load_spec("etl", ETL))


def test_a_file_in_the_folders_place_is_refused(place: Place) -> None:
    place.output.write_text("a file")
    with pytest.raises(ConfigError, match="cannot write to"):
        check_output(place.output, SPEC)


def test_an_error_in_the_middle_leaves_everything_as_it_was(place: Place) -> None:
    place.generate(V1)
    place.edit("app/models.py", "zero\none\ntwo\nthree\n")
    place.edit("App/x", "only the letters of the folder differ\n")
    before = place.tree()
    with pytest.raises(InTheWay, match="letter case"):
        place.generate(
            {"README.md": "# App 2\n", "app/models.py": "one\ntwo\nthree\nfour\n", "app/z.py": "z\n"}
        )
    assert place.tree() == before


KILLED = """
import os, signal, sys
from pathlib import Path
from team.regeneration.regenerate import regenerate
from team.specs import load_spec

spec = load_spec("crud", {"name": "Note", "fields": [{"name": "title", "type": "string"}]})
left = [int(sys.argv[3])]

def die(event, details):
    if event == "os.rename":
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die)
regenerate(Path(sys.argv[1]), Path(sys.argv[2]), spec)
"""


@pytest.mark.parametrize("writes", [0, 1, 2, 4])
def test_whoever_is_killed_leaves_whole_files_and_the_next_run_mends(place: Place, writes: int) -> None:
    place.generate(V1)
    place.edit("app/models.py", "zero\none\ntwo\nthree\n")
    new = place.root / "new"
    for path, text in V2.items():
        (new / path).parent.mkdir(parents=True, exist_ok=True)
        (new / path).write_text(text)
    done = subprocess.run([sys.executable, "-c", KILLED, new, place.output, str(writes)], check=False)
    assert done.returncode == -signal.SIGKILL
    edited = "zero\none\ntwo\nthree\n"
    for path in {*V1, *V2}:
        assert place.read(path) in (V1.get(path), V2.get(path), edited, edited + "four\n")
    mended = place.generate(V2)
    assert (mended.merged, mended.conflicts) == (("app/models.py",), ())
    assert place.tree() == V2 | {"app/models.py": "zero\none\ntwo\nthree\nfour\n"}


def test_one_process_at_a_time(place: Place) -> None:
    place.generate(V1)
    holder = (
        "import fcntl, os, sys, time; f = os.open(sys.argv[1], os.O_RDONLY); fcntl.flock(f, fcntl.LOCK_EX);"
        " print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, place.output / ".devteam"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        began = time.monotonic()
        with pytest.raises(ConfigError, match="another process is writing"):
            place.generate(V2)
        assert time.monotonic() - began < 5
        process.kill()
    assert place.generate(V2).status == "written"
