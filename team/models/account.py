"""One account of a budget: its bounds, what is spent, and what is held back for requests under way."""

from __future__ import annotations

from typing import NamedTuple

from team.errors import BudgetExceeded
from team.models.bounds import Bounds
from team.result import Reason

_FRACTIONS = 10**11
"""Parts of a USD that are counted: sums of whole numbers are exact."""


def money(dollars: float) -> int:
    """USD as whole numbers that can be added without an error."""
    return round(dollars * _FRACTIONS)


def usd(amount: int) -> float:
    """The same as USD."""
    return amount / _FRACTIONS


class Amount(NamedTuple):
    """Calls, money and tokens that were spent or are held back."""

    calls: int = 0
    cost: int = 0
    tokens: int = 0

    def __add__(self, other: tuple[int, ...]) -> Amount:  # type: ignore[override]
        return Amount(*(one + more for one, more in zip(self, other, strict=True)))

    def __sub__(self, other: tuple[int, ...]) -> Amount:
        return Amount(*(one - less for one, less in zip(self, other, strict=True)))


class Want(NamedTuple):
    """What a request may come to: a fixed part, and an answer of so many tokens at most at a price each."""

    cost: int = 0
    tokens: int = 0
    completion: int = 0
    completion_price: int = 0

    @property
    def least(self) -> int:
        """The shortest answer that is worth asking for."""
        return min(1, self.completion)

    def at(self, completion: int) -> Amount:
        """What has to be held back when the answer may be so long."""
        return Amount(1, self.cost + completion * self.completion_price, self.tokens + completion)


class Account:
    """What one role, or the whole session, may spend. Its owner sees to it that one thread at a time asks."""

    def __init__(self, name: str, bounds: Bounds) -> None:
        self.name = name
        self.spent = Amount()
        self.held = Amount()
        self._seconds = 0.0
        self._bounds = bounds
        self._cost = None if bounds.cost is None else money(bounds.cost)

    @property
    def bounds_answers(self) -> bool:
        """Whether an answer of any length could break a bound."""
        return self._cost is not None or self._bounds.tokens is not None

    def fits(self, want: Want, *, without_held: bool = False) -> bool:
        """Whether a request fits beside what is spent and held, or would if nothing were held."""
        return self._trouble(want, self.spent if without_held else self.spent + self.held) is None

    def longest(self, want: Want) -> int:
        """Tokens of the longest answer, up to what is wanted, that fits."""
        taken = self.spent + self.held
        longest = want.completion
        if self._cost is not None and want.completion_price:
            longest = min(longest, (self._cost - taken.cost - want.cost) // want.completion_price)
        if self._bounds.tokens is not None:
            longest = min(longest, self._bounds.tokens - taken.tokens - want.tokens)
        return longest

    def book(self, spent: Amount, held: Amount, seconds: float) -> None:
        """Take what was held back for a request out, and put in what it came to."""
        self.held -= held
        self.spent += spent
        self._seconds += seconds

    def complain(self, want: Want) -> None:
        """Raise `BudgetExceeded` in the words for people, if the request does not fit."""
        trouble = self._trouble(want, self.spent + self.held)
        if trouble is not None:
            raise trouble

    def _trouble(self, want: Want, taken: Amount) -> BudgetExceeded | None:
        bounds, least = self._bounds, want.at(want.least)
        if bounds.calls is not None and taken.calls >= bounds.calls:
            told = f"{taken.calls} of {bounds.calls} model calls are used{self._whose}"
            return BudgetExceeded(told, self._mend("--max-calls"), reason=Reason.BUDGET_CALLS)
        if self._cost is not None and (taken.cost >= self._cost or taken.cost + least.cost > self._cost):
            told = f"{usd(taken.cost):.4f} of {bounds.cost:g} USD are spent{self._whose}"
            told += f", the next call costs about {usd(least.cost):.4f}"
            return BudgetExceeded(told, self._mend("--max-cost"), reason=Reason.BUDGET_COST)
        if bounds.tokens is not None and (
            taken.tokens >= bounds.tokens or taken.tokens + least.tokens > bounds.tokens
        ):
            told = f"{taken.tokens} of {bounds.tokens} tokens are used{self._whose}"
            return BudgetExceeded(told, self._mend("--max-total-tokens"), reason=Reason.BUDGET_COST)
        if bounds.seconds is not None and self._seconds >= bounds.seconds:
            told = f"the requests{self._whose} took {bounds.seconds:g} seconds"
            return BudgetExceeded(told, self._mend("--max-seconds"), reason=Reason.BUDGET_TIME)
        return None

    @property
    def _whose(self) -> str:
        return "" if self.name == "the session" else f" by the {self.name}"

    def _mend(self, setting: str) -> str:
        return f"allow more with {f'--role-budget {self.name}=…' if self._whose else setting}"
