from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from team.errors import BudgetExceeded
from team.models.base import Answer
from team.models.budget import Budget
from team.result import Reason


def paid(cost: float | None = None, calls: int = 1) -> Answer:
    return Answer(content="", cost_usd=cost, calls=calls)


def refusal(budget: Budget, cost: float = 0.0) -> Reason:
    with pytest.raises(BudgetExceeded) as caught:
        budget.reserve(cost)
    return caught.value.reason


def test_without_bounds_everything_fits():
    budget = Budget()
    for _ in range(100):
        budget.settle(paid(1e9), budget.reserve(1e9))
    assert budget.calls == 100


def test_calls_are_bounded():
    budget = Budget(max_calls=2)
    budget.settle(paid(), budget.reserve())
    budget.settle(paid(), budget.reserve())
    assert refusal(budget) is Reason.BUDGET_CALLS


def test_a_call_under_way_counts():
    budget = Budget(max_calls=1)
    held = budget.reserve()
    assert refusal(budget) is Reason.BUDGET_CALLS
    budget.release(held)
    budget.reserve()


def test_a_recorded_answer_of_several_calls_counts_as_such():
    budget = Budget(max_calls=3)
    budget.settle(paid(calls=3), budget.reserve())
    assert refusal(budget) is Reason.BUDGET_CALLS


def test_an_answer_can_be_settled_without_a_reservation():
    budget = Budget()
    budget.settle(paid(0.5))
    assert (budget.calls, budget.cost) == (1, 0.5)


def test_money_is_bounded_by_what_the_next_call_costs_at_least():
    budget = Budget(max_cost=1.0)
    budget.settle(paid(0.7), budget.reserve(0.1))
    budget.release(budget.reserve(0.3))
    assert refusal(budget, 0.31) is Reason.BUDGET_COST


def test_an_unknown_cost_is_booked_as_reserved():
    budget = Budget(max_cost=1.0)
    budget.settle(paid(None), budget.reserve(0.4))
    assert budget.cost == 0.4


def test_time_is_bounded():
    now = [100.0]
    budget = Budget(max_seconds=10, clock=lambda: now[0])
    budget.release(budget.reserve())
    now[0] = 109.0
    assert budget.seconds_left == 1.0
    now[0] = 110.0
    assert refusal(budget) is Reason.BUDGET_TIME
    assert Budget().seconds_left is None


def test_threads_together_do_not_overspend():
    budget = Budget(max_calls=50)

    def spend(_: int) -> bool:
        try:
            budget.settle(paid(), budget.reserve())
        except BudgetExceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(spend, range(400))) == 50
    assert budget.calls == 50
