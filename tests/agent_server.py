"""An OpenAI-compatible server in this process that plays an LLM agent, well or badly."""

from __future__ import annotations

import json
import random
import time

from scripted_http import scripted_server


def instance(schema, rng):
    """Random data that keeps a JSON schema, as far as our schemas go."""
    if "anyOf" in schema:
        return instance(rng.choice(schema["anyOf"]), rng)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema["type"]
    if kind == "object":
        return _acyclic({name: instance(inner, rng) for name, inner in schema["properties"].items()})
    if kind == "array":
        low = schema.get("minItems", 0)
        return [
            instance(schema["items"], rng)
            for _ in range(rng.randint(low, min(schema.get("maxItems", 5), low + 4)))
        ]
    if kind == "integer":
        return rng.randint(schema.get("minimum", 0), schema.get("maximum", 9))
    return (
        round(rng.uniform(schema.get("minimum", 0), schema.get("maximum", 1)), 3)
        if kind == "number"
        else "because"
    )


def _acyclic(data):
    """A graph's nodes read only nodes before them, which no schema can say."""
    for v, node in enumerate(data.get("nodes", ())):
        node["reads"] = [p for p in node["reads"] if p < v]
    return data


def schema_of(body):
    """The schema that a request names, or writes into its prompt."""
    form = body.get("response_format", {})
    if form.get("type") == "json_schema":
        return form["json_schema"]["schema"]
    return json.loads(body["messages"][0]["content"].rpartition("schema:\n")[2])


def chat(content, finish="stop", usage=True, **message):
    """(status, body, headers) of a chat completion."""
    said = {"role": "assistant", "content": content, **message}
    data = {"choices": [{"index": 0, "message": said, "finish_reason": finish}]}
    if usage:
        data["usage"] = {"prompt_tokens": 60, "completion_tokens": 90}
    return 200, data, {}


def valid(body):
    """A random reply that keeps the schema; the same request gets the same one."""
    rng = random.Random(json.dumps(body, sort_keys=True))
    return chat(json.dumps(instance(schema_of(body), rng)))


def fenced(body):
    """The same in code fences, after thoughts."""
    _, data, _ = valid(body)
    return chat(f"<think>Hm, {{}}?</think>Here it is:\n```json\n{data['choices'][0]['message']['content']}\n```")


def prose(body):
    """No JSON."""
    return chat("I would make the graph wider.")


def off_schema(body):
    """JSON of another form."""
    return chat('{"thoughts": "wider"}')


def cut(body):
    """A reply that ran into its limit."""
    return chat('{"changes": [{"name": "slot 0", "prob', finish="length")


def refusing(body):
    """As OpenAI's models refuse."""
    return chat(None, refusal="I cannot help with that.")


def filtered(body):
    """As a content filter does."""
    return chat("{", finish="content_filter")


def uncounted(body):
    """A server that counts no tokens."""
    return chat(json.dumps(instance(schema_of(body), random.Random(1))), usage=False)


def slow(body):
    """Longer than a test's patience."""
    time.sleep(0.5)
    return valid(body)


def error(status, message="too much", **headers):
    """A refusal by status."""
    return lambda body: (status, {"error": {"message": message}}, headers)


def plain_only(body):
    """A server that knows neither `response_format` nor seeds."""
    for name in ("response_format", "seed"):
        if name in body:
            return 400, {"error": {"message": f"unknown field {name}"}}, {}
    return valid(body)


def agent_server(*script):
    """Serve the script: the n-th request is answered by its n-th entry, the last one ever after.

    Yields the address and the list of bodies seen, each with the `key` that came with it.
    """

    def encoded(step):
        def answer(body):
            status, data, headers = step(body)
            return status, json.dumps(data).encode(), headers

        return answer

    listing = (200, json.dumps({"object": "list", "data": []}).encode(), {})
    return scripted_server(
        [encoded(step) for step in script],
        listing,
        lambda body, headers: body | {"key": headers.get("authorization")},
    )
