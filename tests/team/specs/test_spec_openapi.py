"""OpenAPI documents and endpoint specs as resources: what is understood, what is open, what is refused."""

from pathlib import Path
from typing import Any

import pytest

from team.errors import SpecError
from team.specs import ApiSpec, load_spec
from team.specs.examples import example, wrong_examples
from team.specs.openapi import OpenApiSpec
from team.specs.schema_words import field_schema
from team.specs.service import Rows, Service

SHOP = """\
openapi: 3.0.3
info: {title: Shop, version: "1"}
paths:
  /orders:
    get:
      parameters:
        - {name: page, in: query, schema: {type: integer}}
        - {name: sort, in: query, schema: {type: string}}
      responses:
        200:
          description: all
          content:
            application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Order"}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
      responses:
        201:
          description: stored
          content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}
  /orders/{orderId}/cancel:
    post:
      summary: Cancel an order
      parameters: [{name: orderId, in: path, required: true, schema: {type: integer}}]
      responses: {"204": {description: cancelled}}
components:
  schemas:
    Order:
      type: object
      required: [reference]
      properties:
        id: {type: integer, readOnly: true}
        reference: {type: string}
        replaces: {$ref: "#/components/schemas/Order"}
        note: {type: string, nullable: true}
"""


def service(tmp_path: Path, text: str) -> Service:
    path = tmp_path / "openapi.yaml"
    path.write_text(text)
    spec = load_spec("crud", path)
    assert isinstance(spec, OpenApiSpec)
    assert load_spec("crud", spec.model_dump(mode="json")) == spec
    return spec.service


def test_a_document_becomes_resources(tmp_path: Path) -> None:
    shop = service(tmp_path, SHOP)
    (orders,) = shop.resources
    assert (orders.entity.name, orders.path, set(orders.operations)) == (
        "Order",
        "/orders",
        {"list", "create"},
    )
    assert isinstance(orders.entity, Rows)
    assert {column.json: column.nullable for column in orders.entity.columns} == {
        "id": False, "reference": False, "replaces": True, "note": True,
    }  # fmt: skip
    assert shop.open_rules == (
        "POST /orders/{orderId}/cancel: Cancel an order",
        "GET /orders: nothing says what the query parameter `sort` does",
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("3.0.3", "2.0", "OpenAPI 2.0 is not read"),
        ("#/components/schemas/Order", "https://example.com/o.yaml", "the document, and nothing is fetched"),
        ("#/components/schemas/Order", "other.yaml#/Order", "leads out of the document"),
        ("#/components/schemas/Order", "#/components/schemas/Nobody", "Nobody"),
        ("type: object", "type: objekt", "no valid OpenAPI at components.schemas.Order"),
        ("info: {title: Shop", "info: {titel: Shop", "title"),
    ],
)  # fmt: skip
def test_documents_that_cannot_be_read(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        service(tmp_path, SHOP.replace(old, new))
    assert words in str(caught.value)
    assert "(line " in str(caught.value)


def test_natural_keys_and_parents() -> None:
    book = {"isbn": "string", "title": "string"}
    spec = ApiSpec.model_validate(
        {
            "endpoints": [
                {
                    "path": "/shelves/{shelf}/books",
                    "method": "POST",
                    "request_schema": book,
                    "response_schema": book,
                },
                {"path": "/shelves/{shelf}/books/{isbn}", "method": "GET", "response_schema": book},
            ]
        }
    )
    (books,) = spec.service.resources
    assert (books.key.json, books.key.type, books.key.given) == ("isbn", "string", True)
    assert [parent.name for parent in books.parents] == ["shelf"]


@pytest.mark.parametrize(
    ("words", "schema"),
    [
        ("string (optional, must be valid email)", ({"type": "string", "format": "email"}, False)),
        ("integer (min 1, max 9)", ({"type": "integer", "minimum": 1, "maximum": 9}, True)),
        ("string (length 2-5)", ({"type": "string", "minLength": 2, "maxLength": 5}, True)),
        ("string (pattern /^[a-z]{2,3}$/, optional)", ({"type": "string", "pattern": "^[a-z]{2,3}$"}, False)),
        ("enum(a, b)", ({"type": "string", "enum": ["a", "b"]}, True)),
        ("array of array of date", ({"type": "array", "items": {"type": "array", "items":
                                     {"type": "string", "format": "date"}}}, True)),
    ],
)  # fmt: skip
def test_schema_words(words: str, schema: tuple[dict[str, Any], bool]) -> None:
    assert field_schema("x", words) == schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
        {"type": "string", "minLength": 30, "maxLength": 31},
        {"type": "integer", "exclusiveMinimum": 4, "maximum": 9},
        {"type": "number", "minimum": 0.5, "multipleOf": 0.5},
        {"type": ["string", "null"], "format": "uuid"},
        {"type": "array", "items": {"type": "integer"}, "minItems": 2},
        {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]},
    ],
)
def test_examples_fit_their_schemas_and_wrong_ones_do_not(schema: dict[str, Any]) -> None:
    jsonschema: Any = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema)
    for number in range(3):
        assert validator.is_valid(example("value", schema, number))
    refused = [value for value, why in wrong_examples(schema) if not why.startswith("no ")]
    assert not any(validator.is_valid(value) for value in refused)
