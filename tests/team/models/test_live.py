"""A live model behind a loopback server: what it answers, and everything that can go wrong on the way."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.openai_server import KEY, OpenAIServer, Reply

from team.errors import BudgetExceeded, ConfigError, ContextOverflow, ModelRefusedKey, ModelUnreachable
from team.models.base import Request
from team.models.budget import Budget
from team.models.live import LiveSource
from team.result import Reason

REQUEST = Request(agent="developer", step="code", system="You are the developer.", user="Write it.")


LINES: list[Line] = []


@pytest.fixture(autouse=True)
def hang_up():
    yield
    while LINES:
        LINES.pop().source.close()


class Line:
    """A live source at a loopback server, with its pauses and words kept instead of waited and shown."""

    def __init__(self, server: OpenAIServer | str, **options: object) -> None:
        self.pauses: list[float] = []
        self.said: list[str] = []
        url = server if isinstance(server, str) else server.url
        settings = {"model": "m1", "base_url": url, "api_key": KEY, "timeout": 5.0, "budget": Budget()}
        settings |= {"sleep": self.pauses.append, "on_status": self.said.append}
        self.source = LiveSource(**(settings | options))
        LINES.append(self)

    def ask(self, request: Request = REQUEST, **settings: object):
        return self.source.answer(request.model_copy(update={"settings": settings}))


def test_an_answer_comes_with_its_usage(openai_server):
    server = openai_server(["done"])
    answer = Line(server).ask(temperature=0.2, max_tokens=100)
    assert (answer.content, answer.model, answer.calls, answer.notes) == ("done", "m1", 1, ())
    assert (answer.prompt_tokens, answer.completion_tokens) == (
        server.prompt_tokens,
        server.completion_tokens,
    )
    assert server.requests[0].body["messages"] == REQUEST.messages
    assert server.requests[0].settings == {"temperature": 0.2, "max_tokens": 100}


def test_only_chosen_settings_are_sent(openai_server):
    server = openai_server(["done"])
    Line(server).ask()
    assert server.requests[0].settings == {}


def test_a_role_has_its_own_model(openai_server):
    server = openai_server(["done"])
    assert Line(server, role_models={"developer": "m2"}).ask().model == "m2"


def test_the_price_is_counted_and_unknown_is_not_zero(openai_server):
    server = openai_server(["x" * 40, "x"])
    assert Line(server, price=(1.0, 100.0)).ask().cost_usd == pytest.approx(
        (server.prompt_tokens + 100 * server.completion_tokens) / 1e6
    )
    assert Line(server).ask().cost_usd is None


def test_the_price_is_that_of_the_main_model_only(openai_server):
    line = Line(openai_server(["x"]), price=(1.0, 1.0), role_models={"developer": "m2"})
    assert line.ask().cost_usd is None


# Waiting ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_trouble_is_waited_out(openai_server, status):
    line = Line(openai_server([Reply("slow down", status=status), "done"]))
    answer = line.ask()
    assert (answer.content, answer.calls, len(line.pauses)) == ("done", 1, 1)
    assert f"answers {status}: slow down" in line.said[0]
    assert "try 2 of 5" in line.said[0]


def test_pauses_grow_and_end(openai_server):
    line = Line(openai_server([Reply(status=503)] * 9))
    with pytest.raises(ModelUnreachable, match=r"answers 503.*\(5 tries\)"):
        line.ask()
    assert len(line.pauses) == 4
    assert line.pauses == sorted(line.pauses)
    assert 0.7 < line.pauses[0] < 1.3
    assert 6 <= line.pauses[3] <= 10


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.5"}, 0.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"Retry-After": "3600"}, 60),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"Retry-After": "-3"}, 0),
    ],
)
def test_retry_after_is_honoured_within_reason(openai_server, headers, seconds):
    line = Line(openai_server([Reply(status=429, headers=headers), "done"]))
    line.ask()
    assert line.pauses == [seconds]


@pytest.mark.parametrize("value", ["soon", "nan", "inf", ""])
def test_a_retry_after_that_is_none_falls_back(openai_server, value):
    line = Line(openai_server([Reply(status=429, headers={"Retry-After": value}), "done"]))
    line.ask()
    assert 0.7 < line.pauses[0] < 1.3


@pytest.mark.parametrize("reply", [Reply(reset=True), Reply("x" * 500, cut=True), Reply(body="<html>")])
def test_a_broken_response_is_asked_for_again(openai_server, reply):
    line = Line(openai_server([reply, "done"]))
    assert line.ask().content == "done"
    assert len(line.pauses) == 1


def test_a_slow_server_times_out(openai_server):
    line = Line(openai_server([Reply(delay=0.6), "done"]), timeout=0.2)
    assert line.ask().content == "done"
    assert "did not answer within 0.2 s" in line.said[0]


def test_a_dripping_server_times_out(openai_server):
    line = Line(openai_server([Reply("x" * 200, drip=0.01), "done"]), timeout=0.3)
    assert line.ask().content == "done"
    assert "did not answer within 0.3 s" in line.said[0]


def test_html_with_status_200_is_no_answer(openai_server):
    line = Line(openai_server([Reply(body="<html>login</html>")] * 5))
    with pytest.raises(ModelUnreachable, match=r"sends an HTML page instead of an answer \(3 tries\)"):
        line.ask()


def test_a_502_with_html_says_so_without_the_html(openai_server):
    line = Line(openai_server([Reply(status=502, body="<html><h1>Bad")] * 5))
    with pytest.raises(ModelUnreachable, match="answers 502: an HTML page"):
        line.ask()


def test_an_error_with_status_200_counts_as_the_error(openai_server):
    error = Reply(body='{"error": {"code": 429, "message": "provider busy"}}')
    line = Line(openai_server([error, "done"]))
    assert line.ask().content == "done"
    assert "answers 429: provider busy" in line.said[0]


# Giving up ----------------------------------------------------------------------------------------------


def test_a_wrong_key_names_variable_and_host_but_no_key(openai_server):
    server = openai_server([])
    with pytest.raises(ModelRefusedKey) as caught:
        Line(server, api_key="sk-wrong-0123456789").ask()
    assert "OPENAI_API_KEY" in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    assert "sk-wrong" not in str(caught.value)
    assert caught.value.__context__ is None
    assert server.requests == []


def test_a_missing_key_is_said_to_be_missing(openai_server):
    with pytest.raises(ModelRefusedKey, match="asks for a key — set OPENAI_API_KEY"):
        Line(openai_server([]), api_key=None).ask()


def test_a_server_without_keys_needs_none(openai_server):
    server = openai_server(["done"], key=None)
    assert Line(server, api_key="").ask().content == "done"
    assert server.requests[0].headers["authorization"] == "Bearer none"


def test_a_key_that_the_server_sends_back_is_not_shown(openai_server):
    line = Line(openai_server([Reply(f"no such thing for {KEY}", status=400)]))
    with pytest.raises(ModelUnreachable, match="no such thing for …") as caught:
        line.ask()
    assert KEY not in str(caught.value)


def test_a_forbidden_request_says_why(openai_server):
    with pytest.raises(ModelRefusedKey, match=r"\(403: not in your country\)"):
        Line(openai_server([Reply("not in your country", status=403)])).ask()


def test_an_empty_account_is_not_waited_for(openai_server):
    body = '{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}'
    line = Line(openai_server([Reply(status=429, body=body)]))
    with pytest.raises(ModelRefusedKey, match="no credit left"):
        line.ask()
    assert line.pauses == []


def test_an_unknown_model_is_named_with_how_to_list_others(openai_server):
    body = '{"error": {"message": "The model `m1` does not exist", "code": "model_not_found"}}'
    server = openai_server([Reply(status=404, body=body)])
    with pytest.raises(ModelUnreachable, match="has no model 'm1'") as caught:
        Line(server).ask()
    assert f"curl {server.url}/models" in caught.value.mend


def test_ollama_without_the_model_says_how_to_pull_it(openai_server):
    body = '{"error": {"message": "model \\"qwen3:8b\\" not found, try pulling it first"}}'
    with pytest.raises(ModelUnreachable, match="ollama pull qwen3:8b"):
        Line(openai_server([Reply(status=404, body=body)]), model="qwen3:8b").ask()


def test_a_base_url_without_v1_is_pointed_out(openai_server):
    server = openai_server([])
    with pytest.raises(ModelUnreachable, match="most end in /v1"):
        Line(server.url.removesuffix("/v1")).ask()


def test_a_redirect_is_not_followed(openai_server):
    other = openai_server(["done"])
    server = openai_server([Reply(status=307, headers={"Location": other.url + "/chat/completions"})])
    with pytest.raises(ModelUnreachable, match="307"):
        Line(server).ask()
    assert other.requests == []


def test_nobody_listening_names_the_address():
    line = Line("http://127.0.0.1:9/v1")
    with pytest.raises(
        ModelUnreachable, match=r"http://127\.0\.0\.1:9/v1 cannot be reached \(Connection refused"
    ):
        line.ask()
    assert len(line.pauses) == 2


def test_an_unknown_host_names_the_address():
    with pytest.raises(ModelUnreachable, match=r"http://llm\.invalid/v1 cannot be reached \(Name or service"):
        Line("http://llm.invalid/v1").ask()


@pytest.mark.parametrize(
    "url", ["localhost:11434/v1", "ftp://x", "http://", "http://h:99999/v1", "http://[/v1"]
)
def test_what_is_no_address_is_refused_before_anything_is_sent(url):
    with pytest.raises(ConfigError, match="is no address"):
        Line(url)


@pytest.mark.parametrize("key", ["sk a", "sk-é", "sk\n1"])
def test_what_is_no_key_is_refused_before_anything_is_sent(key):
    with pytest.raises(ConfigError, match="OPENAI_API_KEY holds characters"):
        Line("http://127.0.0.1:9/v1", api_key=key)


# Refused parameters -------------------------------------------------------------------------------------


def refused(message: str, param: str | None = None) -> Reply:
    return Reply(status=400, body=json.dumps({"error": {"message": message, "param": param}}))


def test_a_refused_temperature_is_dropped_once_and_remembered(openai_server):
    server = openai_server([refused("'temperature' does not support 0.2", "temperature"), "one", "two"])
    line = Line(server)
    assert line.ask(temperature=0.2).notes == ("m1: temperature is not accepted and was left out",)
    assert line.ask(temperature=0.2).notes == ()
    assert [request.settings for request in server.requests] == [{"temperature": 0.2}, {}, {}]


def test_max_tokens_is_renamed_where_asked(openai_server):
    server = openai_server([refused("Use 'max_completion_tokens' instead.", "max_tokens"), "one"])
    Line(server).ask(max_tokens=50)
    assert server.requests[1].settings == {"max_completion_tokens": 50}


def test_a_limit_that_is_refused_under_both_names_is_dropped(openai_server):
    message = "'max_tokens' or 'max_completion_tokens' is too large: 9. Maximum context length is 4."
    server = openai_server([refused(message), refused(message), "one"])
    Line(server).ask(max_tokens=9)
    assert server.requests[2].settings == {}


@pytest.mark.parametrize(
    "reply",
    [
        refused("Unsupported value: 'messages[0].role' does not support 'system'", "messages[0].role"),
        Reply(status=500, body='{"error": {"message": "Jinja: System role not supported"}}'),
    ],
)
def test_a_refused_system_message_is_put_before_the_user_message(openai_server, reply):
    server = openai_server([reply, "one"])
    Line(server).ask()
    assert server.requests[1].body["messages"] == [
        {"role": "user", "content": "You are the developer.\n\nWrite it."}
    ]


def test_habits_belong_to_a_model(openai_server):
    server = openai_server([refused("no temperature"), "one", "two"])
    line = Line(server, role_models={"architect": "m2"})
    line.ask(temperature=0.2)
    line.ask(REQUEST.model_copy(update={"agent": "architect"}), temperature=0.2)
    assert server.requests[2].settings == {"temperature": 0.2}


def test_a_refusal_of_something_else_is_told(openai_server):
    line = Line(openai_server([refused("safety system says no")]))
    with pytest.raises(ModelUnreachable, match="answers 400: safety system says no"):
        line.ask(temperature=0.2)


# Cut, empty, too long -----------------------------------------------------------------------------------


def test_a_cut_answer_is_continued_in_one_user_message(openai_server):
    server = openai_server([Reply("def add(a, b):\n    ret", finish_reason="length"), "urn a + b\n"])
    answer = Line(server).ask()
    assert answer.content == "def add(a, b):\n    return a + b\n"
    assert (answer.finish_reason, answer.calls) == ("stop", 2)
    assert answer.prompt_tokens == server.prompt_tokens
    assert [m["role"] for m in server.requests[1].body["messages"]] == ["system", "user"]
    assert "def add(a, b):\n    ret" in server.requests[1].user


def test_an_answer_that_never_ends_is_given_back_as_cut(openai_server):
    server = openai_server([Reply(f"part {number} ", finish_reason="length") for number in range(9)])
    answer = Line(server).ask()
    assert answer.content == "part 0 part 1 part 2 part 3 part 4 "
    assert answer.finish_reason == "length"
    assert "still cut" in answer.notes[-1]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(""), "an empty answer"),
        (Reply(None), "an empty answer"),
        (Reply(" \n"), "an empty answer"),
        (Reply(None, message={"reasoning_content": "hm"}), "an empty answer"),
        (Reply(None, message={"refusal": "I cannot"}), "a refusal: I cannot"),
        (Reply(None, message={"tool_calls": [{"id": "1"}]}), "a call of a tool that it was not given"),
        (Reply(body='{"choices": []}'), "a response without choices"),
    ],
)
def test_no_text_is_asked_for_once_more(openai_server, reply, said):
    server = openai_server([reply, "done"])
    answer = Line(server).ask()
    assert (answer.content, answer.calls) == ("done", 2)
    assert f"asked again after {said}" in answer.notes
    with pytest.raises(ModelUnreachable, match=f"m1 gave {said}, twice in a row"):
        Line(openai_server([reply, reply])).ask()


def test_a_limit_that_reasoning_used_up_is_left_out(openai_server):
    server = openai_server([Reply("", finish_reason="length"), "done"])
    Line(server).ask(max_tokens=16)
    assert server.requests[1].settings == {}


def test_content_parts_are_one_text(openai_server):
    parts = [{"type": "thinking"}, {"type": "text", "text": "do"}, {"type": "text", "text": "ne"}]
    assert Line(openai_server([Reply(parts)])).ask().content == "done"


def test_thinking_is_left_to_the_reader(openai_server):
    assert Line(openai_server(["<think>a</think>b"])).ask().content == "<think>a</think>b"


def test_an_answer_of_two_megabytes_is_whole(openai_server):
    assert len(Line(openai_server(["x" * 2_000_000])).ask().content) == 2_000_000


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=400, body='{"error": {"message": "too long", "code": "context_length_exceeded"}}'),
        Reply("This model's maximum context length is 8192 tokens", status=400),
        Reply("the request exceeds the available context size", status=400),
        Reply("Request too large for m1 on tokens per min", status=429),
        Reply(status=413, body="<html>"),
        Reply(usage={"prompt_tokens": 2048, "completion_tokens": 1}),
    ],
)
def test_a_prompt_that_does_not_fit_is_an_overflow(openai_server, reply):
    line = Line(openai_server([reply]))
    with pytest.raises(ContextOverflow):
        line.ask(REQUEST.model_copy(update={"user": "word " * 8000}))
    assert line.pauses == []


def test_what_an_unusable_answer_cost_is_in_the_next_one(openai_server):
    cut = Reply(usage={"prompt_tokens": 600, "completion_tokens": 5})
    line = Line(openai_server([cut, Reply(usage={"prompt_tokens": 10, "completion_tokens": 1})]))
    with pytest.raises(ContextOverflow, match="read only 600 tokens"):
        line.ask(REQUEST.model_copy(update={"user": "word " * 8000}))
    answer = line.ask()
    assert (answer.prompt_tokens, answer.completion_tokens, answer.calls) == (610, 6, 2)


# Usage and budget ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "note"),
    [
        (None, "did not say"),
        ({}, "did not say"),
        ({"prompt_tokens": -5, "completion_tokens": 2}, "makes no sense"),
        ({"prompt_tokens": 10**12, "completion_tokens": 2}, "makes no sense"),
        ({"prompt_tokens": "many", "completion_tokens": 2}, "makes no sense"),
        ({"prompt_tokens": 5, "completion_tokens": 1.5}, "makes no sense"),
    ],
)
def test_usage_that_is_none_is_noted_and_costs_an_unknown_sum(openai_server, usage, note):
    answer = Line(openai_server([Reply(usage=usage)]), price=(1.0, 1.0)).ask()
    assert (answer.prompt_tokens, answer.completion_tokens, answer.cost_usd) == (0, 0, None)
    assert note in answer.notes[0]


def test_the_budget_of_calls_counts_every_request(openai_server):
    server = openai_server([Reply("a", finish_reason="length")] * 5)
    with pytest.raises(BudgetExceeded) as caught:
        Line(server, budget=Budget(max_calls=2)).ask()
    assert caught.value.reason is Reason.BUDGET_CALLS
    assert len(server.requests) == 2


def test_a_request_that_was_not_answered_uses_nothing_up(openai_server):
    line = Line(openai_server([Reply(status=503), Reply(reset=True), "done"]), budget=Budget(max_calls=1))
    assert line.ask().content == "done"


def test_a_request_that_failed_uses_nothing_up(openai_server):
    line = Line(openai_server([Reply(status=413), "done"]), budget=Budget(max_calls=1))
    with pytest.raises(ContextOverflow):
        line.ask()
    assert line.ask().content == "done"


def test_the_budget_of_money_stops_before_the_next_call(openai_server):
    server = openai_server(["x", "x"])
    line = Line(server, price=(1000.0, 1000.0), budget=Budget(max_cost=0.015))
    line.ask()
    with pytest.raises(BudgetExceeded) as caught:
        line.ask()
    assert caught.value.reason is Reason.BUDGET_COST
    assert len(server.requests) == 1


def test_the_budget_of_time_ends_the_waiting(openai_server):
    now = [0.0]

    def wait(seconds: float) -> None:
        now[0] += seconds

    budget = Budget(max_seconds=3, clock=lambda: now[0])
    with pytest.raises(BudgetExceeded) as caught:
        Line(openai_server([Reply(status=503)] * 5), budget=budget, sleep=wait).ask()
    assert caught.value.reason is Reason.BUDGET_TIME
    assert now[0] == pytest.approx(3)


def test_with_a_bound_on_money_an_answer_cannot_be_longer_than_what_is_left(openai_server):
    server = openai_server(["x", "x"])
    line = Line(server, price=(1.0, 1000.0), budget=Budget(max_cost=1.0))
    line.ask()
    assert line.ask(max_tokens=50).content == "x"
    sent = [request.settings["max_tokens"] for request in server.requests]
    assert (sent[0], sent[1]) == (999, 50)
    line = Line(openai_server(["x"]), price=(1.0, 1.0), budget=Budget(max_cost=1.0))
    line.ask()


def test_sessions_in_parallel_hold_one_budget_to_the_cent(openai_server):
    """Threads ask at once, some in vain; every answer is as long as it may be."""

    def serve(request):
        failing = len(server.requests) % 5 == 0
        return Reply(status=503) if failing else Reply("four" * request.settings["max_tokens"])

    server = openai_server(serve)
    budget = Budget(max_cost=0.05)
    lines = [Line(server, price=(10.0, 40.0), budget=budget) for _ in range(4)]

    def work(line: Line) -> float:
        spent = 0.0
        with pytest.raises(BudgetExceeded):
            while True:
                spent += line.ask(max_tokens=100).cost_usd
        return spent

    with ThreadPoolExecutor(4) as threads:
        spent = sum(threads.map(work, lines))
    billed = (server.prompt_tokens * 10 + server.completion_tokens * 40) / 1e6
    assert billed == pytest.approx(spent) == pytest.approx(budget.cost)
    assert 0.045 < billed <= 0.05


def test_a_model_that_counts_more_tokens_than_thought_is_reserved_at_its_own_count(openai_server):
    heavy = {"prompt_tokens": 1000, "completion_tokens": 1, "total_tokens": 1001}
    server = openai_server([Reply(usage=heavy)] * 9)
    line = Line(server, price=(100.0, 100.0), budget=Budget(max_cost=0.55))
    with pytest.raises(BudgetExceeded):
        for _ in range(9):
            line.ask()
    assert len(server.requests) == 5
