"""Many-to-many relationships in drafted modules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from team.config import CodeGenerationConfig
from team.generators.crud import CrudDraft, CRUDGenerator
from team.specs import CrudSpec, load_spec


def entity(name: str, *links: tuple[str, str], **field: Any) -> dict[str, Any]:
    said = [{"name": link, "target": target, "kind": "many_to_many"} for link, target in links]
    return {"name": name, "fields": [{"name": "title", "type": "string"} | field], "relationships": said}


def drafted(*entities: dict[str, Any]) -> CrudDraft:
    spec = load_spec("crud", {"entities": list(entities)})
    assert isinstance(spec, CrudSpec)
    return CrudDraft(spec)


BOTH = (entity("Article", ("tags", "Tag")), entity("Tag", ("articles", "Article")))


def test_both_sides_have_routes_over_one_table() -> None:
    code = drafted(*BOTH).code()
    assert code["app/models.py"].count("sa.Table(") == 1
    assert 'sa.Column("tag_id", sa.ForeignKey("tags.id", ondelete="CASCADE")' in code["app/models.py"]
    for module, path in (("articles", "/{article_id}/tags"), ("tags", "/{tag_id}/articles")):
        routes = re.findall(r'@router\.(get|put|delete)\(\s*"(.*?)"', code[f"app/routers/{module}.py"])
        assert [method for method, route in routes if route.startswith(path)] == ["get", "put", "delete"]


def test_the_first_migration_makes_the_table_and_drops_it_before_its_ends() -> None:
    code = drafted(*BOTH).code()
    revision = next(text for path, text in code.items() if path.startswith("alembic/versions/"))
    assert 'op.create_index(op.f("ix_article_tags_tag_id"), "article_tags", ["tag_id"])' in revision
    downgrade = revision.partition("def downgrade")[2]
    assert downgrade.index('"article_tags"') < downgrade.index('"articles"')


def test_an_entity_that_is_linked_to_itself_tells_its_rows_apart() -> None:
    code = drafted(entity("Person", ("friends", "Person"))).code()
    assert '"/{person_id}/friends/{other_person_id}"' in code["app/routers/people.py"]
    assert "friends_id" not in code["app/repository.py"]


def test_the_review_misses_a_route_that_is_not_there() -> None:
    draft = drafted(*BOTH)
    tree = {**draft.code(), **draft.tests()}
    assert draft.review(tree) == []
    module = "app/routers/articles.py"
    tree[module] = tree[module].replace('@router.put("/{article_id}/tags', '@router.post("/{article_id}/tags')
    assert draft.review(tree) == ["there is no route PUT /articles/{id}/tags/{id}"]


def test_without_relationships_nothing_speaks_of_them() -> None:
    code = drafted(entity("Article")).code()
    assert "sa.Table(" not in code["app/models.py"]
    assert "Slice" not in code["app/repository.py"]


def test_rows_that_need_each_other_are_not_deleted_in_tests() -> None:
    line = entity("LineItem", ("seen_by", "Person"), ("related", "Article"))
    line["fields"].append({"name": "article_id", "type": "integer", "references": "Article.id"})
    tests = drafted(entity("Article"), entity("Person"), line).tests()["tests/test_line_items_api.py"]
    assert "test_seen_by_outlive_line_item" in tests
    assert "test_related_outlive_line_item" not in tests


@pytest.mark.slow
def test_a_draft_with_relationships_passes_its_gates_at_once(tmp_path: Path) -> None:
    config = CodeGenerationConfig(
        model="draft", work_dir=tmp_path, gates=("lint", "types", "tests", "coverage")
    )
    spec = {"entities": [*BOTH, entity("Person", ("friends", "Person"))]}
    result = CRUDGenerator(config).generate_crud_module(spec)
    assert (result.accepted, result.iterations, result.open_rules) == (True, 1, ())
    covered = re.match(r"([\d.]+) %", result.gates["coverage"].why)
    assert covered is not None and float(covered[1]) >= 90
