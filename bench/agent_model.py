"""An LLM agent behind any OpenAI-compatible server, asked for structured replies as far as the server goes.

A request names the JSON schema of its reply as `response_format`. A server that refuses that (400, 422) is asked
for any JSON object, then for plain text, with the schema in the prompt; settings that it does not know are left
out. What it replies is text: whether that text is of use, the agent's handle decides, and charges it either way.
"""

from __future__ import annotations

import json
import os
import re
import weakref
from collections.abc import Mapping
from typing import Any

from bench.agent import Completion, count_tokens
from bench.errors import BadReply, IsobudgetError, TimedOut, Unreachable
from bench.worlds.client import ChatClient, Policy

__all__ = ["AgentModel"]

PATIENCE = Policy(timeout=120.0, concurrency=1, retries=3, backoff=1.0)
"""An update's reply is long, and a model that reasons first takes its time."""

KEY_VARIABLE = "OPENAI_API_KEY"

_FORMS = ("json_schema", "json_object", "text")
_SETTINGS = ("max_tokens", "temperature", "seed")


class AgentModel:
    """One model on one server. Opening it asks for the model list, so a wrong address is told at once."""

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        key_variable: str = "",
        temperature: float = 0.7,
        policy: Policy = PATIENCE,
    ) -> None:
        """base_url: with the version, like http://localhost:8000/v1.

        key_variable: the environment variable that holds the key (default: OPENAI_API_KEY, if set). Raises
        Unreachable, BadReply or IsobudgetError, in one line.
        """
        if key_variable and key_variable not in os.environ:
            raise IsobudgetError(f"the agent's key: the environment variable {key_variable} is not set")
        self.name, self.temperature = name, temperature
        self._form, self._unknown = 0, set[str]()
        self._client = ChatClient(base_url, os.environ.get(key_variable or KEY_VARIABLE), policy)
        self._finalizer = weakref.finalize(self, self._client.close)
        try:
            self._client.models()
        except (BadReply, Unreachable) as error:
            self.close()
            raise type(error)(f"the agent: {error}") from error

    def complete(self, prompt: str, schema: Mapping[str, Any], max_tokens: int, seed: int) -> Completion:
        """The model's reply to one prompt, code fences and thoughts removed; "" when it refused or was too slow.

        Raises Unreachable or BadReply when the server is gone or refuses for good: then nothing was replied.
        """
        while True:
            try:
                data = self._client.post(self._body(prompt, schema, max_tokens, seed))
            except TimedOut:
                return Completion("", count_tokens(prompt), 0)
            except BadReply as error:
                if not self._yields(error):
                    raise BadReply(f"the agent: {error}") from error
            else:
                return _completion(data, prompt)

    def close(self) -> None:
        """Close the connections. A model that is dropped closes itself."""
        self._finalizer()

    def _body(self, prompt: str, schema: Mapping[str, Any], max_tokens: int, seed: int) -> bytes:
        form, content = _FORMS[self._form], prompt
        if form != "json_schema":
            content += f"\nReply with one JSON object, and nothing else, of this schema:\n{json.dumps(schema)}"
        data: dict[str, Any] = {"model": self.name, "messages": [{"role": "user", "content": content}]}
        settings = {"max_tokens": max_tokens, "temperature": self.temperature, "seed": seed % 2**31}
        data |= {name: value for name, value in settings.items() if name not in self._unknown}
        if "max_tokens" in self._unknown:
            data["max_completion_tokens"] = max_tokens
        if form == "json_schema":
            named = {"name": "reply", "schema": schema, "strict": True}
            data["response_format"] = {"type": form, "json_schema": named}
        elif form == "json_object":
            data["response_format"] = {"type": form}
        return json.dumps(data).encode()

    def _yields(self, error: BadReply) -> bool:
        """Ask for less from now on, by what the server refused; False when there is nothing left to leave out."""
        if error.status not in (400, 422):
            return False
        named = [name for name in _SETTINGS if name in str(error) and name not in self._unknown]
        if named:
            self._unknown.add(named[0])
            return True
        self._form += 1
        if self._form < len(_FORMS):
            return True
        self._form = 0
        return False


def _completion(data: Mapping[str, Any], prompt: str) -> Completion:
    """What a reply holds, with the server's token counts, or estimates where it has none."""
    try:
        choice = data["choices"][0]
        message = choice["message"]
        refused = message.get("refusal") or choice.get("finish_reason") == "content_filter"
        written = "" if refused else message.get("content")
    except (KeyError, IndexError, TypeError, AttributeError):
        written = ""
    text = _bare(written) if isinstance(written, str) else ""
    usage = data.get("usage")
    counted = usage if isinstance(usage, Mapping) else {}
    tokens = (counted.get("prompt_tokens"), counted.get("completion_tokens"))
    estimates = (count_tokens(prompt), count_tokens(text) if text else 0)
    read, wrote = (n if isinstance(n, int) and n >= 0 else e for n, e in zip(tokens, estimates, strict=True))
    return Completion(text, read, wrote)


def _bare(text: str) -> str:
    """A reply without the thoughts before it and the code fences around it."""
    text = text.rpartition("</think>")[2]
    fenced = re.search(r"```\w*\s*\n(.*?)```", text, re.DOTALL)
    return (fenced[1] if fenced else text).strip()
