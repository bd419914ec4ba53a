"""The small FastAPI module that benchmarks judge."""

from __future__ import annotations

APP = '''"""A small service."""

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool


class Base(DeclarativeBase):
    """All tables."""


class Item(Base):
    """A thing with a price."""

    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    cents: Mapped[int]


class ItemIn(BaseModel):
    """What a client sends."""

    name: str = Field(min_length=1, max_length=40)
    cents: int = Field(ge=0)


engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
Base.metadata.create_all(engine)
app = FastAPI()


@app.post("/items", status_code=201)
def create(item: ItemIn) -> int:
    """Store an item; its number."""
    with Session(engine) as session:
        row = Item(name=item.name, cents=item.cents)
        session.add(row)
        session.commit()
        return row.id


@app.get("/items/{number}")
def read(number: int) -> ItemIn:
    """An item."""
    with Session(engine) as session:
        row = session.scalar(select(Item).where(Item.id == number))
        if row is None:
            raise HTTPException(404)
        return ItemIn(name=row.name, cents=row.cents)
'''
APP_TESTS = """import httpx
import pytest

from app.main import app


@pytest.fixture
def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["a", "b", "c", "d"])
async def test_what_is_stored_is_read(client: httpx.AsyncClient, name: str) -> None:
    number = (await client.post("/items", json={"name": name, "cents": 5})).json()
    assert (await client.get(f"/items/{number}")).json() == {"name": name, "cents": 5}


@pytest.mark.asyncio
@pytest.mark.parametrize("cents", [-1, "many", None])
async def test_a_wrong_price_is_refused(client: httpx.AsyncClient, cents: object) -> None:
    assert (await client.post("/items", json={"name": "x", "cents": cents})).status_code == 422


@pytest.mark.asyncio
async def test_an_item_that_is_not_there(client: httpx.AsyncClient) -> None:
    assert (await client.get("/items/999")).status_code == 404
"""
SMALL = {"app/__init__.py": '"""A service."""\n', "app/main.py": APP, "tests/test_items.py": APP_TESTS}
