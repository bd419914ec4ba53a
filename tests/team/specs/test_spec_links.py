"""Many-to-many relationships in entity specs: what belongs together, and every mistake with its line."""

from pathlib import Path

import pytest

from team.errors import SpecError
from team.specs import CrudSpec, load_spec
from team.specs.service import service_of

SPEC = """\
entities:
  - name: Invoice
    fields: [{name: number, type: string}]
    relationships:
      - {name: tags, target: Tag, kind: many_to_many}
  - name: Tag
    fields: [{name: label, type: string}]
"""
BACK = "    relationships:\n      - {name: invoices, target: Invoice, kind: many_to_many}\n"
LABELS = "      - {name: labels, target: Tag, kind: many_to_many}\n"


def load(tmp_path: Path, text: str) -> CrudSpec:
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    spec = load_spec("crud", path)
    assert isinstance(spec, CrudSpec)
    return spec


def pairs(spec: CrudSpec) -> list[tuple[str, str, str, str, bool]]:
    return [
        (link.name, link.table, link.near, link.far, link.first)
        for entity in spec.entities
        for link in spec.links(entity)
    ]


def test_one_side_is_enough(tmp_path: Path) -> None:
    spec = load(tmp_path, SPEC)
    assert pairs(spec) == [("tags", "invoice_tags", "invoice_id", "tag_id", True)]
    assert spec.prose_rules() == ()


def test_two_sides_mean_the_same_pairs(tmp_path: Path) -> None:
    assert pairs(load(tmp_path, SPEC + BACK)) == [
        ("tags", "invoice_tags", "invoice_id", "tag_id", True),
        ("invoices", "invoice_tags", "tag_id", "invoice_id", False),
    ]


def test_with_several_between_two_entities_back_says_which_belong_together(tmp_path: Path) -> None:
    text = SPEC.replace("  - name: Tag", LABELS + "  - name: Tag")
    assert [pair[1] for pair in pairs(load(tmp_path, text))] == ["invoice_tags", "invoice_labels"]
    with pytest.raises(SpecError, match=r"could be the other side of Tag.invoices \(line 5\); say which"):
        load(tmp_path, text + BACK)
    said = pairs(load(tmp_path, text + BACK.replace("many_to_many}", "many_to_many, back: labels}")))
    assert [(name, table) for name, table, *_ in said] == [
        ("tags", "invoice_tags"),
        ("labels", "invoice_labels"),
        ("invoices", "invoice_labels"),
    ]


def test_an_entity_can_be_linked_to_itself(tmp_path: Path) -> None:
    spec = load(tmp_path, SPEC.replace("target: Tag", "target: Invoice"))
    assert pairs(spec) == [("tags", "invoice_tags", "invoice_id", "other_invoice_id", True)]


def test_the_service_promises_their_routes(tmp_path: Path) -> None:
    (link,) = service_of(load(tmp_path, SPEC)).links
    assert [(operation.label, operation.status, operation.errors) for operation in link.operations] == [
        ("GET /invoices/{id}/tags", 200, (404, 422)),
        ("PUT /invoices/{id}/tags/{tag_id}", 204, (404, 422)),
        ("DELETE /invoices/{id}/tags/{tag_id}", 204, (404, 422)),
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("target: Tag", "target: Tagg", r"Invoice is related to 'Tagg', which is not there \(line 5\)"),
        ("name: tags,", "name: number,", r"Invoice has a field 'number' already \(line 5\)"),
        ("name: tags,", "name: Tags,", r"relationship name 'Tags' must be snake_case, such as 'tags'"),
        ("name: tags,", "name: class,", r"relationship name 'class' is taken by Python"),
        ("many_to_many}", "many_to_many, back: bills}", r"no many_to_many of Tag with Invoice \(line 5\)"),
        ("many_to_many}", "one_to_many, back: x}", r"`back` is for many_to_many \(line 5\)"),
        ("many_to_many}", "many_to_meny}", r"did you mean 'many_to_many'"),
        ("  - name: Tag", LABELS.replace("labels", "tags") + "  - name: Tag",
         r"relationship 'tags' of Invoice is there twice \(line 6\)"),
        ("  - name: Tag", "  - {name: InvoiceTag, fields: [{name: x, type: date}]}\n  - name: Tag",
         r"Invoice.tags and InvoiceTag would both make the table invoice_tags \(line 5\)"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        load(tmp_path, SPEC.replace(old, new, 1))
