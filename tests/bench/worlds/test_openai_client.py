"""The HTTP client against a scripted server: retries, errors, connections."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest
from scripted_http import scripted_server

from bench.errors import BadReply, IsobudgetError, Unreachable
from bench.worlds.client import ChatClient, Policy

QUICK = Policy(timeout=5.0, concurrency=4, retries=3, backoff=0.01)


def reply(text="hello", prompt=3, completion=2):
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return json.dumps(
        {"choices": [choice], "usage": {"prompt_tokens": prompt, "completion_tokens": completion}}
    ).encode()


def scripted(*script, models=(404, b"{}", {})):
    """A server that answers the n-th POST by the n-th entry (status, body, headers), the last one ever after."""
    return scripted_server(script, models)


@contextmanager
def client(url, policy=QUICK, key=None):
    made = ChatClient(url, key, policy)
    try:
        yield made
    finally:
        made.close()


def asked(made, count=1):
    got = {}
    bodies = [json.dumps({"n": i}).encode() for i in range(count)]
    made.begin(bodies, got.__setitem__).result()
    return [got[i] for i in range(count)]


def test_text_tokens_and_order():
    with (
        scripted(lambda body: (200, reply(f"answer {body['n']}"), {})) as (url, _),
        client(url) as made,
    ):
        got = asked(made, 40)
    assert [g.text for g in got] == [f"answer {i}" for i in range(40)]
    assert (got[0].prompt_tokens, got[0].completion_tokens, got[0].attempts) == (3, 2, 1)
    assert all(g.wall > 0 for g in got)


@pytest.mark.parametrize(
    "fault",
    [
        (429, b"{}", {}),
        (500, b"oops", {}),
        (503, b"", {}),
        (200, reply()[:40], {}),
        (200, b'{"choices": []}', {}),
        (200, b"[]", {}),
        (200, reply(), {"content-length": "5000", "connection": "close"}),
        "drop",
    ],
    ids=["429", "500", "503", "half json", "no choice", "no object", "cut body", "drop"],
)
def test_a_fault_is_retried(fault):
    with scripted(fault, (200, reply(), {})) as (url, seen), client(url) as made:
        (got,) = asked(made)
        assert (got.text, got.attempts, made.retries, made.gave_up) == ("hello", 2, 1, 0)
    assert seen[0][0] == seen[1][0]


def test_silence_is_retried():
    def sleepy(_body):
        time.sleep(0.6)
        return (200, reply("late"), {})

    with (
        scripted(sleepy, (200, reply("in time"), {})) as (url, _),
        client(url, QUICK._replace(timeout=0.3)) as made,
    ):
        (got,) = asked(made)
        assert (got.text, got.attempts) == ("in time", 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_final(status):
    body = json.dumps({"error": {"message": "because"}}).encode()
    with scripted((status, body, {})) as (url, seen), client(url) as made:
        with pytest.raises(BadReply, match=f"{status}: because") as caught:
            asked(made)
        assert "\n" not in str(caught.value)
        assert len(seen) == 1


def test_giving_up_says_what_came_and_how_often():
    with scripted((500, b"out of memory", {})) as (url, seen), client(url) as made:
        with pytest.raises(BadReply, match=r"500: 'out of memory' \(after 4 attempts\)"):
            asked(made)
        assert (len(seen), made.retries, made.gave_up) == (4, 3, 1)


def test_retry_after_is_respected():
    with scripted((429, b"{}", {"retry-after": "0.4"}), (200, reply(), {})) as (url, _), client(url) as made:
        started = time.perf_counter()
        asked(made)
        assert time.perf_counter() - started >= 0.4


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with client(f"http://127.0.0.1:{port}/v1") as made:
        with pytest.raises(Unreachable, match=f"no server at http://127.0.0.1:{port}/v1"):
            made.models()
        with pytest.raises(Unreachable, match="after 4 attempts"):
            asked(made)


def test_an_unknown_host():
    with client("http://nowhere.invalid/v1") as made, pytest.raises(Unreachable, match=r"nowhere.invalid"):
        made.models()


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x/v1", "http://", "http://[::1"])
def test_a_bad_url_is_told(url):
    with pytest.raises(IsobudgetError, match="base_url"):
        ChatClient(url, None, QUICK)


def test_no_model_list_is_no_error():
    with scripted((200, reply(), {})) as (url, _), client(url) as made:
        assert made.models() == {}


def test_the_key_is_sent_and_no_content_is_an_empty_text():
    null = json.dumps(
        {"choices": [{"message": {"content": None}}], "usage": {"prompt_tokens": 1, "completion_tokens": 0}}
    )
    with scripted((200, null.encode(), {})) as (url, seen), client(url, key="k-1") as made:
        assert asked(made)[0].text == ""
    assert seen[0][1]["authorization"] == "Bearer k-1"


def test_chunked_replies_and_closed_connections():
    """Replies without a length, after which the server closes: the next request opens a new connection."""
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(reply()), reply())

    class Raw(threading.Thread):
        def __init__(self):
            super().__init__(daemon=True)
            self.socket = socket.create_server(("127.0.0.1", 0))

        def run(self):
            for _ in range(3):
                peer, _ = self.socket.accept()
                with peer:
                    while b"}" not in peer.recv(65536):
                        pass
                    peer.sendall(
                        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n" + body
                    )

    server = Raw()
    server.start()
    with server.socket, client(f"http://127.0.0.1:{server.socket.getsockname()[1]}/v1") as made:
        assert [g.attempts for g in [*asked(made), *asked(made), *asked(made)]] == [1, 1, 1]
    server.join()
