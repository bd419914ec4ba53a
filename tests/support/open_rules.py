"""An entity with two rules in prose, and what a good model answers when it is asked for them."""

from __future__ import annotations

from typing import Any

from support.tapes import APPROVE

DELETING = "A sent or paid invoice cannot be deleted"
APPROVING = "An invoice over 10,000.00 needs a note, which says who approved it"
SPEC: dict[str, Any] = {
    "name": "Invoice",
    "fields": [
        {"name": "number", "type": "string", "max_length": 40, "unique": True},
        {"name": "customer_name", "type": "string", "max_length": 120},
        {"name": "customer_email", "type": "email", "index": True},
        {"name": "total_cents", "type": "integer", "min": 0},
        {"name": "discount_cents", "type": "integer", "min": 0, "required": False},
        {"name": "currency", "type": "enum", "values": ["EUR", "USD", "GBP"], "default": "EUR"},
        {"name": "status", "type": "enum", "values": ["draft", "sent", "paid"], "default": "draft"},
        {"name": "due_date", "type": "date", "required": False},
        {"name": "note", "type": "text", "required": False},
    ],
    "business_rules": [
        {"rule": "discount_cents <= total_cents", "message": "a discount is at most the total"},
        DELETING,
        APPROVING,
    ],
}

TESTS = '''Two rules, two files' worth of behaviour in one.

```python
# filename: tests/test_invoice_rules.py
"""What is asked of invoices beyond their fields."""

from typing import Any

import pytest
from httpx import AsyncClient

pytestmark = pytest.mark.asyncio

Json = dict[str, Any]


@pytest.mark.parametrize(("status", "answer"), [("draft", 204), ("sent", 409), ("paid", 409)])
async def test_only_a_draft_can_be_deleted(
    client: AsyncClient, invoice: Json, status: str, answer: int
) -> None:
    path = f"/invoices/{invoice['id']}"
    assert (await client.patch(path, json={"status": status})).status_code == 200
    assert (await client.delete(path)).status_code == answer
    assert (await client.get(path)).status_code == (404 if answer == 204 else 200)


@pytest.mark.parametrize(
    ("total", "note", "answer"),
    [(1_000_000, None, 201), (1_000_001, None, 422), (1_000_001, "approved by Ada", 201)],
)
async def test_a_large_invoice_needs_a_note(
    client: AsyncClient, invoice_data: Json, total: int, note: str | None, answer: int
) -> None:
    data = invoice_data | {"total_cents": total, "note": note}
    assert (await client.post("/invoices", json=data)).status_code == answer
```
'''

CODE = '''Deleting is refused in the repository; the note is checked with the other rules.

```python
# filename: app/repository.py
<<<<<<< SEARCH
        """Delete an invoice."""
        await self._session.delete(invoice)
=======
        """Delete an invoice; one that was sent or paid stays."""
        if invoice.status != InvoiceStatus.DRAFT:
            raise ConflictError(f"a {invoice.status} invoice cannot be deleted")
        await self._session.delete(invoice)
>>>>>>> REPLACE
<<<<<<< SEARCH
from app.models import Invoice
=======
from app.models import Invoice, InvoiceStatus
>>>>>>> REPLACE
```

```python
# filename: app/schemas.py
<<<<<<< SEARCH
            raise PydanticCustomError("business_rule", "a discount is at most the total")
=======
            raise PydanticCustomError("business_rule", "a discount is at most the total")
        if self.total_cents > 1_000_000 and not self.note:
            raise PydanticCustomError("business_rule", "over 10,000.00 a note says who approved it")
>>>>>>> REPLACE
```
'''

ANSWERS: dict[str, list[Any]] = {
    "test_engineer": [TESTS],
    "developer": [CODE],
    "code_reviewer": [APPROVE],
}
