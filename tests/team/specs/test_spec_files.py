from pathlib import Path

import pytest

from team.errors import SpecError
from team.specs import CrudSpec, ProblemSpec, TaskSpec, load_spec

INVOICE = """\
name: Invoice
fields:
  - {name: number, type: string, unique: true}
  - name: total
    type: integer
    min: 0
business_rules:
  - {rule: total > 0, message: nobody pays nothing}
  - Reminders are sent weekly
"""


def mistake(tmp_path: Path, text: str | bytes, name: str = "spec.yaml") -> str:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SpecError) as caught:
        load_spec("crud", path)
    words = str(caught.value)
    assert words.startswith(str(path))
    assert "\n" not in words
    return words.removeprefix(str(path)).lstrip(": ")


def test_yaml_json_and_dicts_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(INVOICE)
    spec = load_spec("crud", tmp_path / "a.yaml")
    assert isinstance(spec, CrudSpec)
    (tmp_path / "a.json").write_text(spec.model_dump_json().replace("{", "{\t"))
    assert load_spec("crud", str(tmp_path / "a.json")) == spec
    assert load_spec("crud", spec.model_dump(mode="json")) == spec
    assert load_spec("crud", spec) is spec


def test_one_entity_or_many(tmp_path: Path) -> None:
    many = {"entities": [{"name": "A", "fields": [{"name": "x", "type": "date"}]}], "packages": ["rich"]}
    one = {**many["entities"][0], "packages": ["rich"]}  # type: ignore[dict-item]
    assert load_spec("crud", one) == load_spec("crud", many)


def test_a_key_that_nobody_knows_is_named_with_its_line_and_the_key_that_was_meant(tmp_path: Path) -> None:
    words = mistake(tmp_path, INVOICE.replace("fields:", "feilds:"))
    assert words.startswith(
        "unknown key 'feilds' (line 2); did you mean 'fields'? allowed here: name, fields,"
    )
    words = mistake(tmp_path, INVOICE.replace("min: 0", "mim: 0"))
    assert words.startswith("unknown key 'mim' (line 6); did you mean 'min'?")
    words = mistake(tmp_path, INVOICE.replace("message:", "mesage:"))
    assert words.startswith("unknown key 'mesage' (line 8); did you mean 'message'?")


def test_without_a_file_the_place_is_the_path_of_keys() -> None:
    with pytest.raises(
        SpecError, match=r"^fields\[0\]\.type: 'strng' is not allowed; did you mean 'string'\?"
    ):
        load_spec("crud", {"name": "A", "fields": [{"name": "x", "type": "strng"}]})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("type: integer", "type: int", "type: 'int' is not allowed (line 5)"),
        ("    type: integer\n", "", "type is missing (line 4)"),
        ("name: total", "name: totalCents", "must be snake_case, such as 'total_cents'"),
        ("name: total", "name: metadata", "'metadata' is taken by Python or the libraries"),
        ("name: total", "name: class", "'class' is taken"),
        ("name: total", "name: created_at", "every entity gets id, created_at and updated_at (line 4)"),
        ("name: total", "name: number", "field 'number' is there twice (line 4)"),
        ("min: 0", "min: x", "field 'total': 'x' is not an integer"),
        ("min: 0", "min: 5\n    max: 4", "field 'total': min 5 is greater than the greatest allowed, 4"),
        ("min: 0", "default: many", "field 'total': 'many' is not an integer"),
        ("min: 0", "min: 1\n    default: 0", "field 'total': default 0 is outside the limits"),
        ("min: 0", "max_length: 3", "field 'total': max_length does not go with type integer"),
        ("min: 0", "values: [1]", "values[0]: 1 is not text (line 6); quote it"),
        (
            "min: 0",
            "references: Customer.id",
            "references 'Customer.id', but no entity has that name (line 6)",
        ),
        ("min: 0", "references: Invoice.id", "no Invoice could ever be created"),
        ("unique: true", "unique: maybe", "unique: 'maybe' is not true or false (line 3)"),
        ("unique: true", "max_length: 0", "max_length: input should be greater than 0 (line 3)"),
        ("type: string", "type: enum", "field 'number': an enum needs values (line 3)"),
        ("type: string", "type: enum, values: [yes, no]", "values[0]: True is not text (line 3); quote it"),
        ("type: string, unique: true", "type: enum, values: [a], default: b", "'b' is not one of a"),
        ("name: Invoice", "name: 1nvoice", "must be a PascalCase word"),
        ("name: Invoice", "name: Base", "entity name 'Base' is taken"),
        ("rule: total > 0", "rule: totl > 0", "unknown name 'totl'; did you mean 'total'?"),
        ("rule: total > 0", "rule: __import__('os')", "is neither true nor false"),
        ("rule: total > 0", "rule: be nice", "it is not an expression; allowed: field names"),
        ("rule: total > 0", "rule: total > 'x'", "'total' is of type integer: 'x' is not an integer"),
        ("  - Reminders are sent weekly", "  - totl >= 5", "unknown name 'totl'"),
        ("  - Reminders are sent weekly", "  - 5", "business_rules[1]: 5 is no mapping (line 9)"),
        ("name: Invoice", "name: Invoice\nname: Bill", "the key 'name' is there twice (line 2)"),
        ("name: Invoice", "name: &x Invoice\nb: *x", "an alias is not allowed: write it out (line 2)"),
        ("name: Invoice", "name: !!python/name:os.system x", "is not allowed (line 1)"),
        ("name: Invoice", "name: Invoice\n1: 1", "a key must be text; quote it (line 2)"),
        (
            "name: Invoice",
            "name: In: voice",
            "is not YAML or JSON: mapping values are not allowed here (line 1)",
        ),
        ("business_rules:", "---\nbusiness_rules:", "holds more than one document (line 7)"),
    ],
)
def test_every_mistake_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in INVOICE
    assert words in mistake(tmp_path, INVOICE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.yaml", "- 1\n", "holds a list, where `key: value` lines are expected"),
        ("a.yaml", "just words", "holds plain text"),
        ("a.yaml", "# nothing\n", "is empty"),
        ("a.yaml", "  \n", "is empty"),
        ("a.yaml", "a\0b", "is a binary file"),
        ("a.yaml", "name: Ü".encode("utf-16"), "is not text in UTF-8"),
        ("a.yaml", "a: " + "x" * 1_000_001, "is larger than 1,000,000 bytes"),
        ("a.yaml", "[" * 5000, "is nested too deeply"),
        ("a.json", "[" * 100_000, "is nested too deeply"),
        ("a.json", '{"name": 1,\n "x": }', "is not JSON: Expecting value (line 2)"),
        ("a.json", '{"name": NaN}', "NaN is not a JSON value"),
        ("a.json", '{"name": "A", "name": "B"}', "the key 'name' is there twice"),
        ("a.json", f'{{"name": {"9" * 5000}}}', "is not YAML or JSON: Exceeds the limit"),
    ],
)
def test_what_is_no_spec_at_all(tmp_path: Path, name: str, content: str | bytes, words: str) -> None:
    assert words in mistake(tmp_path, content, name)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"there is no file nowhere\.yaml"):
        load_spec("crud", "nowhere.yaml")
    with pytest.raises(SpecError, match="is a folder — name a file in it"):
        load_spec("crud", tmp_path)
    with pytest.raises(SpecError, match="there is no kind of spec 'curd' — did you mean 'crud'"):
        load_spec("curd", {})


def test_markdown_is_a_task_or_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "task.md"
    path.write_text("# A token bucket\n\nThread-safe.\n")
    task = load_spec("run", path)
    assert isinstance(task, TaskSpec)
    assert (task.title, task.requirements_text()) == ("A token bucket", "# A token bucket\n\nThread-safe.\n")
    problem = load_spec("solve", path)
    assert isinstance(problem, ProblemSpec)
    assert problem.title == "A token bucket"
