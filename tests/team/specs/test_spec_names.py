import pytest

from team.specs import CrudSpec, EntitySpec
from team.specs.names import article, pascal, plural, snake, words


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("invoice", "invoices"), ("person", "people"), ("category", "categories"), ("day", "days"),
        ("box", "boxes"), ("address", "addresses"), ("status", "statuses"), ("analysis", "analyses"),
        ("order item", "order items"), ("sales person", "sales people"), ("child", "children"),
        ("news", "news"), ("settings", "settings"), ("branch", "branches"), ("shelf", "shelves"),
        ("photo", "photos"), ("alias", "aliases"), ("human", "humans"), ("quiz", "quizzes"),
        ("people", "people"),
    ],
)  # fmt: skip
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("OrderItem", ["order", "item"]), ("order_item", ["order", "item"]),
        ("HTTPServer", ["http", "server"]), ("order item", ["order", "item"]), ("Item2", ["item2"]),
        ("APIKey", ["api", "key"]),
    ],
)  # fmt: skip
def test_words(name: str, split: list[str]) -> None:
    assert words(name) == split
    assert snake(name) == "_".join(split)


def test_spellings_of_an_entity() -> None:
    fields = [{"name": "a", "type": "string"}]
    for name in ("OrderItem", "order_item", "order item", "order-item"):
        entity = EntitySpec(name=name, fields=fields)  # type: ignore[arg-type]
        assert (entity.name, entity.path, entity.plural) == ("OrderItem", "/order-items", "order items")
    assert pascal("HTTPServer") == "HTTPServer"


@pytest.mark.parametrize(
    ("noun", "words"),
    [("invoice", "an invoice"), ("user", "a user"), ("unit", "a unit"), ("hour", "an hour"), ("box", "a box"),
     ("unimportant thing", "an unimportant thing")],
)  # fmt: skip
def test_articles(noun: str, words: str) -> None:
    assert article(noun) == words


def test_titles_name_the_entities() -> None:
    fields = [{"name": "a", "type": "string"}]
    names = ["Person", "Category", "Box", "Day", "News"]
    spec = CrudSpec(entities=[{"name": name, "fields": fields} for name in names])  # type: ignore[arg-type]
    assert spec.title == "people, categories, boxes and 2 more"
