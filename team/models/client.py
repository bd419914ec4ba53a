"""AutoGen's seam: a ModelClient that hands every question of an agent to the session.

The protocol is the one of AutoGen's custom clients, the same in 0.9 and 0.14.1. This module needs
nothing of AutoGen to be imported.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from team.models.base import Answer

CLIENT_NAME = "DevTeamClient"

Ask = Callable[[str, list[dict[str, Any]]], Answer]


class Response:
    """An answer in the shape that AutoGen reads.

    `cost` and `message_retrieval_function` are written by AutoGen's wrapper after the call.
    """

    def __init__(self, answer: Answer) -> None:
        message = SimpleNamespace(
            role="assistant", content=answer.content, tool_calls=None, function_call=None
        )
        self.choices = [SimpleNamespace(index=0, message=message, finish_reason=answer.finish_reason)]
        self.model = answer.model
        self.usage = {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "total_tokens": answer.prompt_tokens + answer.completion_tokens,
            # AutoGen adds costs up and has no word for an unknown one; the session's own totals have.
            "cost": answer.cost_usd or 0.0,
            "model": answer.model,
        }
        self.cost: float = answer.cost_usd or 0.0
        self.message_retrieval_function: Callable[[Any], list[str]] | None = None


def client_class(ask: Ask, role: str) -> type:
    """A client class whose every instance asks `ask(role, messages)`.

    Everything is bound in the class because AutoGen's own speaker selection makes clients without
    arguments. Register it with ``agent.register_model_client(client_class(ask, role))``, after any tools.
    Exceptions of `ask` leave the chat as they are.
    """

    class DevTeamClient:
        def __init__(self, config: dict[str, Any], **_: Any) -> None:
            self.config = config

        def create(self, params: dict[str, Any]) -> Response:
            return Response(ask(role, params["messages"]))

        def message_retrieval(self, response: Response) -> list[str]:
            return [choice.message.content for choice in response.choices]

        def cost(self, response: Response) -> float:
            return response.cost

        @staticmethod
        def get_usage(response: Response) -> dict[str, Any]:
            return response.usage

    return DevTeamClient


def llm_config(role: str, model: str) -> dict[str, Any]:
    """The ``llm_config`` of an agent that asks through `client_class`; a new dict at every call.

    AutoGen takes the dict apart, so it must not be shared between agents. No key and no price is in it:
    the session counts its own usage.
    """
    entry = {"model": model or role, "model_client_cls": CLIENT_NAME}
    return {"config_list": [entry], "cache_seed": None}
