from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from team.errors import BudgetExceeded
from team.models.base import Answer
from team.models.bounds import Bounds
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


# Roles, tokens, and answers whose length is bounded -------------------------------------------------------


def test_a_role_has_bounds_of_its_own_beside_the_sessions():
    budget = Budget(max_cost=1.0, roles={"developer": Bounds(cost=0.3, calls=5)})
    budget.settle(paid(0.25), budget.reserve(0.25, role="developer"))
    with pytest.raises(
        BudgetExceeded, match=r"spent by the developer.*allow more with --role-budget developer=…"
    ):
        budget.reserve(0.1, role="developer")
    budget.settle(paid(0.7), budget.reserve(0.7, role="architect"))
    assert refusal(budget, 0.1) is Reason.BUDGET_COST


def test_tokens_are_bounded_in_and_out_together():
    budget = Budget(max_tokens=100)
    budget.settle(paid().model_copy(update={"prompt_tokens": 60, "completion_tokens": 10}), budget.reserve())
    held = budget.reserve_request("developer", 20, 4096, None)
    assert held.completion_tokens == 10
    budget.release(held)
    with pytest.raises(BudgetExceeded, match="70 of 100 tokens are used"):
        budget.reserve_request("developer", 30, 4096, None)
    assert budget.tokens == 70


def test_a_roles_seconds_are_those_of_its_requests():
    now = [0.0]
    budget = Budget(roles={"developer": Bounds(seconds=5)}, clock=lambda: now[0])
    for role in ("architect", "developer"):
        held = budget.reserve(role=role)
        now[0] += 6.0
        budget.settle(paid(), held)
    budget.reserve(role="architect")
    with pytest.raises(BudgetExceeded) as caught:
        budget.reserve(role="developer")
    assert caught.value.reason is Reason.BUDGET_TIME


def test_the_longest_answer_is_what_the_rest_of_the_money_allows():
    budget = Budget(max_cost=1.0)
    assert budget.reserve_request("developer", 1000, 4096, (100.0, 100.0)).completion_tokens == 4096
    rest = budget.reserve_request("developer", 1000, 9000, (100.0, 100.0))
    assert (rest.completion_tokens, rest.cost) == (3904, pytest.approx(0.4904))
    assert refusal(budget, 0.0001) is Reason.BUDGET_COST


def test_without_a_bound_on_money_or_tokens_no_answer_is_bounded():
    assert Budget(max_calls=3).reserve_request("developer", 10, 4096, (1.0, 1.0)).completion_tokens is None


def test_who_does_not_fit_beside_others_waits_for_them():
    budget = Budget(max_cost=1.0)
    held = budget.reserve(0.8)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(budget.reserve, 0.5)
        assert not waiting.done()
        budget.settle(paid(0.1), held)
        assert waiting.result(timeout=5).cost == 0.5


def test_waiting_ends_with_the_time():
    budget = Budget(max_calls=1, max_seconds=0.2)
    budget.reserve()
    with ThreadPoolExecutor(1) as threads, pytest.raises(BudgetExceeded) as caught:
        threads.submit(budget.reserve).result(timeout=5)
    assert caught.value.reason is Reason.BUDGET_TIME


REQUESTS = st.tuples(
    st.sampled_from(["developer", "architect"]),
    st.integers(1, 400),
    st.floats(0, 1),
    st.sampled_from(["answered", "failed", "uncounted"]),
)


@settings(max_examples=25, deadline=None)
@given(
    requests=st.lists(REQUESTS, min_size=1, max_size=40),
    cents=st.integers(1, 60),
    price=st.sampled_from([(2.5, 10.0), (1000.0, 1000.0), (0.1, 33.3), (7.77, 0.0)]),
)
def test_sessions_in_parallel_hold_a_common_budget_to_the_cent(requests, cents, price):
    """Whatever is asked, answered, refused and left uncounted: together they never spend more."""
    limit = cents / 100
    budget = Budget(max_cost=limit, max_calls=30, roles={"developer": Bounds(cost=limit / 2)})
    spent: dict[str, list[float]] = {"developer": [], "architect": []}

    def one(asked: tuple[str, int, float, str]) -> None:
        role, prompt, part, end = asked
        try:
            held = budget.reserve_request(role, prompt, 4096, price)
        except BudgetExceeded:
            return
        if end == "failed":
            budget.release(held)
            return
        completion = int((held.completion_tokens or 0) * part)
        cost = (prompt * price[0] + completion * price[1]) / 1e6
        budget.settle(paid(None if end == "uncounted" else cost), held)
        spent[role].append(held.cost if end == "uncounted" else cost)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(one, requests))
    total = sum(map(sum, spent.values()))
    assert total <= limit + 1e-9
    assert sum(spent["developer"]) <= limit / 2 + 1e-9
    assert budget.cost == pytest.approx(total, abs=1e-8)
    assert budget.calls == sum(map(len, spent.values())) <= 30


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("0.5", Bounds(cost=0.5)),
        ("0.50usd+20calls", Bounds(cost=0.5, calls=20)),
        ("1 call + 5000 tokens + 60 s", Bounds(calls=1, tokens=5000, seconds=60)),
        ("$", None),
        ("20 cows", None),
        ("0usd", None),
        ("-1", None),
        ("", None),
    ],
)
def test_bounds_as_text(text, bounds):
    if bounds is None:
        with pytest.raises(ValidationError):
            Bounds.model_validate(text)
    else:
        assert Bounds.model_validate(text) == bounds
