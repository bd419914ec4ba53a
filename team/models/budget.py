"""What a session may spend: money, calls, tokens, time. Asked before every billed request, told after it.

A request is reserved at the most it can come to and settled at what it came to, so that sessions in
parallel hold a common bound to the last digit. Money is counted in whole billionths of a cent.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from team.errors import BudgetExceeded
from team.models.account import Account, Amount, Want, money, usd
from team.models.base import Answer
from team.models.bounds import Bounds
from team.result import Reason

_LOOK_AGAIN = 0.5
"""Seconds after which who waits for others' reservations looks at the clock."""


class Reservation(NamedTuple):
    """A request that is under way: what is held back for it, and how long its answer may be.

    `completion_tokens` is None where nothing bounds it.
    """

    held: Amount
    role: str = ""
    completion_tokens: int | None = None
    since: float = 0.0
    holder: int = 0

    @property
    def cost(self) -> float:
        """USD that are held back."""
        return usd(self.held.cost)


_NOTHING = Reservation(Amount())


class Budget:
    """Bounds on model calls, USD, tokens and seconds; None means no bound. Safe to share between threads.

    The clock starts when the budget is made. A role's seconds are those its requests took.
    """

    def __init__(
        self,
        *,
        max_calls: int | None = None,
        max_cost: float | None = None,
        max_seconds: float | None = None,
        max_tokens: int | None = None,
        roles: Mapping[str, Bounds] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_seconds = max_seconds
        self._clock = clock
        self._started = clock()
        self._changed = threading.Condition()
        self._all = Account("the session", Bounds(cost=max_cost, calls=max_calls, tokens=max_tokens))
        self._roles = {role: Account(role, bounds) for role, bounds in (roles or {}).items()}
        self._holders: Counter[int] = Counter()

    @property
    def calls(self) -> int:
        """Requests that were answered so far."""
        return self._all.spent.calls

    @property
    def cost(self) -> float:
        """USD spent so far; where a price is unknown, what was reserved for the request."""
        return usd(self._all.spent.cost)

    @property
    def tokens(self) -> int:
        """Tokens so far, in and out."""
        return self._all.spent.tokens

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the time is up, never below 0; None without a bound."""
        if self.max_seconds is None:
            return None
        return max(0.0, self.max_seconds - (self._clock() - self._started))

    def reserve(self, cost: float = 0.0, *, role: str = "", tokens: int = 0) -> Reservation:
        """Hold back one call, `cost` USD and `tokens` (the most it can come to) for a request of a role.

        Where it only does not fit because of what other threads hold back, it waits for them.

        Raises:
            BudgetExceeded: the request does not fit; its `reason` names the budget.
        """
        return self._reserve(Want(cost=money(cost), tokens=tokens), role)

    def reserve_request(
        self, role: str, prompt_tokens: int, completion_tokens: int, price: tuple[float, float] | None
    ) -> Reservation:
        """As `reserve`, for a request of which the length of the answer can be bounded.

        Args:
            role: who asks.
            prompt_tokens: the most that the request can count.
            completion_tokens: the longest answer that is wished for; less is granted where the rest of the
                budget allows no more.
            price: USD per million tokens, in and out; None counts as nothing.
        """
        each = price or (0.0, 0.0)
        return self._reserve(
            Want(
                cost=money(prompt_tokens * each[0] / 1e6),
                tokens=prompt_tokens,
                completion=completion_tokens,
                completion_price=money(each[1] / 1e6),
            ),
            role,
        )

    def settle(self, answer: Answer, reservation: Reservation = _NOTHING, *, role: str = "") -> None:
        """Book what a request came to, in place of its reservation.

        An answer without a known cost is booked at what was reserved for it.
        """
        cost = reservation.held.cost if answer.cost_usd is None else money(answer.cost_usd)
        tokens = answer.prompt_tokens + answer.completion_tokens
        spent = Amount(answer.calls, cost, tokens)
        self._book(reservation, spent, reservation.role or role)

    def release(self, reservation: Reservation) -> None:
        """Give back what was held for a request that the endpoint did not answer."""
        self._book(reservation, Amount(), reservation.role)

    def bounds_answers(self, role: str) -> bool:
        """Whether the length of a role's answers has to be bounded, as money or tokens are."""
        return any(account.bounds_answers for account in self._accounts(role))

    def check_time(self) -> None:
        """Raise `BudgetExceeded` when the session has run as long as it may."""
        if self.seconds_left == 0.0:
            raise BudgetExceeded(
                f"the session has run for {self.max_seconds:g} seconds",
                "allow more with --max-seconds",
                reason=Reason.BUDGET_TIME,
            )

    def _reserve(self, want: Want, role: str) -> Reservation:
        me = threading.get_ident()
        with self._changed:
            while True:
                self.check_time()
                accounts = list(self._accounts(role))
                if all(account.fits(want) for account in accounts):
                    break
                for account in accounts:
                    if not self._others(me) or not account.fits(want, without_held=True):
                        account.complain(want)
                left = self.seconds_left
                self._changed.wait(_LOOK_AGAIN if left is None else min(_LOOK_AGAIN, left))
            longest = min(account.longest(want) for account in accounts)
            held = want.at(longest)
            for account in accounts:
                account.held += held
            self._holders[me] += 1
            bounded = longest if want.completion and self.bounds_answers(role) else None
            return Reservation(held, role, bounded, self._clock(), me)

    def _book(self, reservation: Reservation, spent: Amount, role: str) -> None:
        with self._changed:
            held = reservation is not _NOTHING
            for account in self._accounts(role):
                account.book(spent, reservation.held, self._clock() - reservation.since if held else 0.0)
            self._holders[reservation.holder] -= held
            self._changed.notify_all()

    def _others(self, me: int) -> bool:
        return any(count for holder, count in self._holders.items() if holder != me)

    def _accounts(self, role: str) -> Iterator[Account]:
        yield self._all
        if role in self._roles:
            yield self._roles[role]
