"""Services from endpoint specs and OpenAPI documents: drafted, and run in a real sandbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from executors import Executor, SandboxUnavailable, open_executor
from team.gates import judge, make_target
from team.gates.base import GateResult
from team.generators.api import ApiDraft
from team.specs import load_spec

PROFILE = {
    "path": "/api/users/{user_id}",
    "method": "PUT",
    "description": "Update user profile information",
    "request_schema": {
        "name": "string (optional)",
        "email": "string (optional, must be valid email)",
        "preferences": "object (optional)",
    },
    "response_schema": {"id": "integer", "name": "string", "email": "string", "updated_at": "datetime"},
}

LIBRARY: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Library", "version": "1"},
    "paths": {
        "/authors": {
            "post": {
                "operationId": "addAuthor",
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewAuthor"}}}
                },
                "responses": {"201": {"$ref": "#/components/responses/Author"}},
            },
        },
        "/authors/{authorId}": {
            "parameters": [{"$ref": "#/components/parameters/authorId"}],
            "get": {
                "responses": {
                    "200": {"$ref": "#/components/responses/Author"},
                    "404": {
                        "description": "unknown",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                    },
                }
            },
            "delete": {"responses": {"204": {"description": "gone"}}},
        },
        "/authors/{authorId}/books": {
            "parameters": [{"$ref": "#/components/parameters/authorId"}],
            "get": {
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}},
                    {"name": "genre", "in": "query", "schema": {"$ref": "#/components/schemas/Genre"}},
                ],
                "responses": {
                    "200": {
                        "description": "books",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["items", "total"],
                                    "properties": {
                                        "items": {
                                            "type": "array",
                                            "items": {"$ref": "#/components/schemas/Book"},
                                        },
                                        "total": {"type": "integer"},
                                    },
                                }
                            }
                        },
                    }
                },
            },
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Book"}}}
                },
                "responses": {
                    "201": {
                        "description": "stored",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Book"}}},
                    }
                },
            },
        },
        "/authors/{authorId}/books/{isbn}": {
            "parameters": [
                {"$ref": "#/components/parameters/authorId"},
                {"name": "isbn", "in": "path", "required": True, "schema": {"type": "string"}},
            ],
            "put": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Book"}}}
                },
                "responses": {
                    "200": {
                        "description": "replaced",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Book"}}},
                    }
                },
            },
        },
    },
    "components": {
        "parameters": {
            "authorId": {
                "name": "authorId",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "format": "uuid"},
            }
        },
        "responses": {
            "Author": {
                "description": "one",
                "content": {
                    "application/json": {
                        "schema": {
                            "allOf": [
                                {"$ref": "#/components/schemas/NewAuthor"},
                                {
                                    "type": "object",
                                    "required": ["id"],
                                    "properties": {
                                        "id": {"type": "string", "format": "uuid", "readOnly": True}
                                    },
                                },
                            ]
                        }
                    }
                },
            }
        },
        "schemas": {
            "Genre": {"type": "string", "enum": ["novel", "poem"]},
            "Problem": {
                "type": "object",
                "required": ["message"],
                "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
            },
            "NewAuthor": {
                "type": "object",
                "required": ["fullName"],
                "properties": {
                    "fullName": {"type": "string", "minLength": 1, "maxLength": 60},
                    "born": {"type": ["string", "null"], "format": "date"},
                    "class": {"type": "string"},
                    "home": {"type": "object", "properties": {"zip-code": {"type": "string"}}},
                },
            },
            "Book": {
                "type": "object",
                "required": ["isbn", "title", "genre"],
                "properties": {
                    "isbn": {"type": "string", "pattern": "^[0-9]{3}-[0-9]$"},
                    "title": {"type": "string"},
                    "genre": {"$ref": "#/components/schemas/Genre"},
                    "pages": {"type": "integer", "minimum": 1},
                    "sequelOf": {"$ref": "#/components/schemas/Book"},
                },
            },
        },
    },
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    try:
        with open_executor("auto", work_dir=tmp_path_factory.mktemp("api")) as executor:
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


def judged(spec: Any, sandbox: Executor, root: Path) -> dict[str, GateResult]:
    draft = ApiDraft(spec)
    for path, text in {**draft.code(), **draft.tests()}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    target = make_target(root, sandbox.over(root), spec=spec)
    wanted = ["lint", "types", "tests", "coverage", "contract"]
    return {result.name: result for result in judge(target, wanted)}


@pytest.mark.parametrize(
    ("kind", "given"),
    [pytest.param("api", PROFILE, marks=pytest.mark.slow), ("crud", {"document": LIBRARY})],
    ids=["profile", "library"],
)
def test_a_draft_passes_every_gate(
    kind: str, given: dict[str, Any], sandbox: Executor, tmp_path: Path
) -> None:
    spec = load_spec(kind, given)
    assert spec.prose_rules() == ()
    results = judged(spec, sandbox, tmp_path)
    assert {name: (result.status, result.findings) for name, result in results.items() if result.red} == {}
    assert float(results["coverage"].why.split(" ")[0]) >= 90


def test_names_of_the_document_are_kept() -> None:
    code = ApiDraft(load_spec("crud", {"document": LIBRARY})).code()  # type: ignore[arg-type]
    assert '@router.get(\n    "/authors/{authorId}",' in code["app/routers/authors.py"]
    assert 'alias="fullName"' in code["app/schemas.py"]
    assert 'class_value: Text = Field(default=UNSET, alias="class")' in code["app/schemas.py"]
    assert "message: str" in code["app/errors.py"]


def test_the_same_spec_gives_the_same_bytes() -> None:
    first, second = (ApiDraft(load_spec("crud", {"document": LIBRARY})) for _ in range(2))  # type: ignore[arg-type]
    assert (first.code(), first.tests()) == (second.code(), second.tests())


def test_what_is_more_than_rows_is_left_open() -> None:
    spec = load_spec("api", {"path": "/login", "method": "POST", "description": "Log in", "request_schema":
                             {"email": "email"}, "response_schema": {"token": "string"}})  # fmt: skip
    assert spec.prose_rules() == ("POST /login: Log in",)
    code = ApiDraft(spec).code()  # type: ignore[arg-type]
    assert "NotImplementedYetError" in code["app/routers/operations.py"]
    assert "app/repository.py" not in code
