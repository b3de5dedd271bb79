"""A server that dies in the middle: the run waits, says so, goes on, loses nothing and charges nothing twice."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest
from mortal_server import mortal_server

from bench.errors import Unreachable
from bench.frames import Records
from bench.loop import run
from bench.worlds.client import ChatClient, Policy
from bench.worlds.openai import OpenAIWorld

PATIENT = Policy(timeout=5.0, concurrency=4, retries=3, backoff=0.02, outage=30.0)


def bodies(count):
    return [
        json.dumps({"model": "m", "messages": [{"role": "user", "content": f"{i}"}]}).encode()
        for i in range(count)
    ]


def content(body):
    return body["messages"][0]["content"]


def back_after(server, seconds):
    timer = threading.Timer(seconds, server.up)
    timer.start()
    return timer


def watching(server, seconds):
    """The server's answer, which brings it back some time after it has died."""
    wake = threading.Event()

    def bring():
        while not wake.wait(0.01):
            if server._server is None:
                back_after(server, seconds).join()
                return

    thread = threading.Thread(target=bring)
    thread.start()
    return lambda: (wake.set(), thread.join())


def test_requests_wait_until_the_server_is_back(caplog):
    with mortal_server(content, dies=17) as server:
        stop = watching(server, 0.4)
        client, got = ChatClient(server.url, None, PATIENT), {}
        client.models()
        client.begin(bodies(60), lambda i, done: got.__setitem__(i, done)).result()
        client.close()
        stop()
    assert {i: done.text for i, done in got.items()} == {i: str(i) for i in range(60)}
    told = [record.getMessage() for record in caplog.records]
    assert [("out of reach" in line, "is back after" in line) for line in told] == [(True, False), (False, True)]
    assert sum(done.attempts - 1 for done in got.values()) == client.retries > 0
    assert client.gave_up == 0


def test_an_outage_that_does_not_end_is_told():
    with mortal_server(content, dies=3) as server:
        client = ChatClient(server.url, None, PATIENT._replace(outage=0.3))
        client.models()
        with pytest.raises(Unreachable, match=r"waited 0 s; the same command resumes the run"):
            client.begin(bodies(9), lambda i, done: None).result()
        client.close()


def solved(body):
    """A stable guess: right now and then."""
    text = content(body)
    digest = hashlib.sha256(f"{text} {body['seed']}".encode()).digest()
    word = text.split("\n")[-1].split()[-1]
    return f"#{word[::-1]}" if digest[0] % 2 else f"#{word}"


def record(url, folder):
    with OpenAIWorld(url, pool="pocket", cache=folder / "answers.sqlite", backoff=0.02) as world:
        made = run("random", "pocket", "20units", "120ex", world=world, pool="pocket", questions=10, tests=40)
        return made, world.faults


def test_a_run_goes_on_with_the_same_digest(tmp_path):
    with mortal_server(solved) as server:
        calm, _ = record(server.url, tmp_path / "calm")
        whole = server.replied
    with mortal_server(solved, dies=whole // 2) as server:
        stop = watching(server, 0.5)
        rough, faults = record(server.url, tmp_path / "rough")
        stop()
        # Each call was answered once: what was asked when the server died had no reply, so nothing was paid twice.
        assert server.replied == whole
    assert faults.retries > 0
    assert Records.of([rough]).digest() == Records.of([calm]).digest()
    assert sum(rough.events["code"].combine_chunks().flatten().to_numpy() == 0) > 0


def test_a_server_for_each_model():
    def named(name):
        return lambda body: f"{name} {body['model']}"

    texts: dict[int, str] = {}
    asked = [json.dumps({"model": name, "messages": []}).encode() for name in ("small", "L", "L", "small")]
    with (
        mortal_server(named("one"), model="small") as one,
        mortal_server(named("two"), model="L") as two,
        OpenAIWorld({"S": one.url, "L": two.url}, pool="pocket", models={"S": "small"}) as world,
    ):
        world._client.begin(asked, lambda i, done: texts.__setitem__(i, done.text)).result()
    assert texts == {0: "one small", 1: "two L", 2: "two L", 3: "one small"}
