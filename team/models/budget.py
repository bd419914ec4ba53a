"""What a session may spend: calls, money, time. Asked before every billed request, told after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from team.errors import BudgetExceeded
from team.models.base import Answer
from team.result import Reason


class Reservation(NamedTuple):
    """A request that is under way: how many calls and USD are held back for it."""

    calls: int
    cost: float


_NOTHING = Reservation(0, 0.0)


class Budget:
    """Bounds on model calls, USD and seconds; None means no bound. Safe to share between threads.

    The clock starts when the budget is made.
    """

    def __init__(
        self,
        *,
        max_calls: int | None = None,
        max_cost: float | None = None,
        max_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_calls = max_calls
        self.max_cost = max_cost
        self.max_seconds = max_seconds
        self._clock = clock
        self._started = clock()
        self._lock = threading.Lock()
        self._calls = self._held_calls = 0
        self._cost = self._held_cost = 0.0

    @property
    def calls(self) -> int:
        """Requests that were answered so far."""
        return self._calls

    @property
    def cost(self) -> float:
        """USD spent so far; where a price is unknown, what was reserved for the request."""
        return self._cost

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the time is up, never below 0; None without a bound."""
        if self.max_seconds is None:
            return None
        return max(0.0, self.max_seconds - (self._clock() - self._started))

    def reserve(self, cost: float = 0.0) -> Reservation:
        """Hold back one call and `cost` USD (an estimate; 0 where nothing is known) for a request.

        Raises:
            BudgetExceeded: the request does not fit; its `reason` names the budget.
        """
        self.check_time()
        with self._lock:
            calls = self._calls + self._held_calls
            if self.max_calls is not None and calls >= self.max_calls:
                raise BudgetExceeded(
                    f"{calls} of {self.max_calls} model calls are used",
                    "allow more with --max-calls",
                    reason=Reason.BUDGET_CALLS,
                )
            spent = self._cost + self._held_cost
            if self.max_cost is not None and (spent >= self.max_cost or spent + cost > self.max_cost):
                raise BudgetExceeded(
                    f"{spent:.4f} of {self.max_cost:g} USD are spent, the next call costs about {cost:.4f}",
                    "allow more with --max-cost",
                    reason=Reason.BUDGET_COST,
                )
            self._held_calls += 1
            self._held_cost += cost
        return Reservation(1, cost)

    def settle(self, answer: Answer, reservation: Reservation = _NOTHING) -> None:
        """Book what a request came to, in place of its reservation.

        An answer without a known cost is booked at what was reserved for it.
        """
        with self._lock:
            self._let_go(reservation)
            self._calls += answer.calls
            self._cost += reservation.cost if answer.cost_usd is None else answer.cost_usd

    def release(self, reservation: Reservation) -> None:
        """Give back what was held for a request that the endpoint did not answer."""
        with self._lock:
            self._let_go(reservation)

    def check_time(self) -> None:
        """Raise `BudgetExceeded` when the session has run as long as it may."""
        if self.seconds_left == 0.0:
            raise BudgetExceeded(
                f"the session has run for {self.max_seconds:g} seconds",
                "raise max_seconds",
                reason=Reason.BUDGET_TIME,
            )

    def _let_go(self, reservation: Reservation) -> None:
        self._held_calls -= reservation.calls
        self._held_cost -= reservation.cost
