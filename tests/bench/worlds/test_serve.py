"""The simulated server's own protocol: plain clients, bad requests, faults, the process."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.errors import IsobudgetError, WorldError
from bench.worlds.serve import FaultRates, create_app, running_server, serve
from bench.worlds.serve.faults import KINDS, Injector
from bench.worlds.wire import OWNER, Parent, Tags, tags_from_metadata
from tasks import load_task


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "mmlu" / "data"
    folder.mkdir(parents=True)
    for split, count in (("validation", 6), ("dev", 2), ("test", 6)):
        rows = {
            "question": [f"Case {i} of {split}: which number is  the\nlargest?" for i in range(count)],
            "subject": ["sums"] * count,
            "choices": [[f"{i}", f"{i + 1}", f"{i + 2}", f"{i + 3}"] for i in range(count)],
            "answer": [3] * count,
        }
        pq.write_table(pa.table(rows), folder / f"{split}-00000-of-00001.parquet")
    return folder.parents[1]


@pytest.fixture(scope="module")
def task(tiny):
    return load_task("mmlu", tiny)


def post(app, *bodies):
    """Replies of an application to chat requests, sent one after another."""

    async def all_of_them():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://served") as client:
            return [await client.post("/v1/chat/completions", content=json.dumps(body)) for body in bodies]

    return asyncio.run(all_of_them())


def chat(prompt, model="8B", **others):
    return {"model": model, "messages": [{"role": "user", "content": prompt}], **others}


def test_the_models_say_who_owns_them(tiny):
    async def listed():
        transport = httpx.ASGITransport(create_app(data_dir=tiny))
        async with httpx.AsyncClient(transport=transport, base_url="http://served") as client:
            return (await client.get("/v1/models")).json(), (await client.get("/health")).json()

    models, health = asyncio.run(listed())
    assert {entry["id"]: entry["owned_by"] for entry in models["data"]} == dict.fromkeys(
        ("1B", "3B", "8B", "70B"), OWNER
    )
    assert (models["universe"], health) == ("main", {"status": "ok"})


def test_other_models_answer_and_absent_ones_are_refused(tiny, task):
    """Their texts are those of any model; main's are not among them."""
    app = create_app("specialists", tiny)
    prompt = task.prompt(task.test[0])
    answered, refused = post(app, chat(prompt, model="Elm"), chat(prompt, model="3B"))

    assert answered.json()["choices"][0]["message"]["content"]
    assert refused.status_code == 404
    assert "no model '3B': there are Ash, Elm, Fir, Oak" in refused.json()["error"]["message"]


def test_a_plain_client_gets_an_answer(tiny, task):
    """No metadata: the question is found in the prompt, however it is spaced; equal requests, equal bytes."""
    question = task.test[2]
    prompt = f"Please help me.\n{' '.join(question.text.split())}\nA. 2 B. 3 C. 4 D. 5"
    body = chat(prompt, seed=4)
    first, again, other = post(create_app(data_dir=tiny), body, body, chat(prompt, seed=5, model="1B"))
    data = first.json()
    assert data["choices"][0]["finish_reason"] in ("stop", "length")
    assert data["usage"]["prompt_tokens"] == 213
    assert data["usage"]["total_tokens"] == 213 + data["usage"]["completion_tokens"]
    assert (data["model"], data["created"], data["object"]) == ("8B", 0, "chat.completion")
    assert first.content == again.content
    assert other.json()["id"] != data["id"]


def test_a_plain_reader_is_understood(tiny, task):
    """Three readers that see the right answer four times mostly give it."""
    question = task.search[1]
    right = f"Answer: {question.answer}"
    app = create_app(data_dir=tiny)
    bodies = [chat(task.merge_prompt(question, "select", [right] * 4), seed=s) for s in range(40)]
    kinds = Counter(
        task.grade(question, r.json()["choices"][0]["message"]["content"]).kind for r in post(app, *bodies)
    )
    assert kinds["correct"] >= 36
    assert all(r.json()["usage"]["prompt_tokens"] == 213 + 4 * 215 for r in post(app, *bodies[:2]))


def test_accuracy_over_plain_requests_is_the_models(tiny, task):
    app = create_app(data_dir=tiny)
    bodies = [chat(task.prompt(q), seed=s) for q in task.test for s in range(40)]
    marks = [
        task.grade(task.test[i // 40], r.json()["choices"][0]["message"]["content"]).kind == "correct"
        for i, r in enumerate(post(app, *bodies))
    ]
    assert 0.2 < sum(marks) / len(marks) < 1.0


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"model": "9B"}, 404, "no model '9B': there are 1B, 3B, 8B, 70B"),
        (chat("What is love?"), 400, "no known question in the prompt"),
        ({"model": "8B", "messages": []}, 400, "messages holds no text"),
        ([1], 400, "not a JSON object"),
        (chat("x", stream=True), 400, "leave out stream"),
        (chat("x", metadata={"item": "3"}), 400, "not a node call's"),
    ],
)
def test_bad_requests_are_told_why(tiny, body, status, says):
    (reply,) = post(create_app(data_dir=tiny), body)
    assert reply.status_code == status
    assert says in reply.json()["error"]["message"]


def tags(**changes):
    whole = Tags("mmlu", 1, 0, 0, "assistant", 0, ())
    return whole._replace(**changes)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (tags(item=99), "no question for item 99"),
        (tags(task="chess"), "no task 'chess'"),
        (tags(task="math"), "questions not found"),
        (tags(role="vote"), "no role 'vote'"),
        (tags(parents=(Parent(0, 9, "assistant", "8B"),)), "name 1 parents, the prompt holds 0 answers"),
    ],
)
def test_wrong_metadata_are_told(tiny, task, wrong, says):
    (reply,) = post(create_app(data_dir=tiny), chat(task.prompt(task.search[1]), metadata=wrong.metadata()))
    assert reply.status_code == 400
    assert says in reply.json()["error"]["message"]


def test_metadata_are_texts_and_come_back():
    parents = (Parent(0, 275, "assistant", "1B"), Parent(1, 12, "critic", "8B"))
    whole = Tags("math", 100_003, 1005, 2**64 - 1, "fuser", 2, parents)
    data = whole.metadata()
    assert all(isinstance(value, str) and len(value) <= 512 for value in data.values())
    assert len(data) <= 16
    assert tags_from_metadata(data) == whole
    assert tags_from_metadata(tags().metadata()) == tags()


def test_faults_come_at_their_rates_and_repeat():
    rates = FaultRates.evenly(0.2)
    bodies = [f"request {i}".encode() for i in range(4000)]
    met = [Injector(rates).fault(body) for body in bodies[:200]]
    injector = Injector(rates)
    counts = Counter(injector.fault(body) for body in bodies)
    assert met == [Injector(rates).fault(body) for body in bodies[:200]]
    assert 0.18 < 1 - counts[None] / 4000 < 0.22
    assert all(0.03 < counts[kind] / 4000 < 0.05 for kind in KINDS)


def test_faults_end_for_the_patient():
    injector = Injector(FaultRates(error=1.0, in_a_row=3))
    assert [injector.fault(b"x") for _ in range(8)] == ["error"] * 3 + [None] + ["error"] * 3 + [None]


def test_fault_rates_are_read():
    assert FaultRates.parse("0.2") == FaultRates.evenly(0.2)
    assert FaultRates.parse("hang=0.1, hang_seconds=2,in_a_row=2") == FaultRates(
        hang=0.1, hang_seconds=2.0, in_a_row=2
    )
    for text in ("many", "hang=much", "hangs=0.1", "1.5", "hang=-1"):
        with pytest.raises(IsobudgetError, match="fault rates"):
            FaultRates.parse(text)


def test_injected_replies(tiny, task):
    body = chat(task.prompt(task.search[0]))
    (limited,) = post(create_app(data_dir=tiny, faults=FaultRates(limited=1.0)), body)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "0.05")
    (cut,) = post(create_app(data_dir=tiny, faults=FaultRates(truncated=1.0)), body)
    assert int(cut.headers["content-length"]) == len(cut.content)
    with pytest.raises(ValueError):
        cut.json()


def test_a_server_that_cannot_start_says_why():
    with (
        pytest.raises(WorldError, match=r"did not start: .*'mian'.*did you mean"),
        running_server(universe="mian"),
    ):
        pass


def test_a_taken_port_is_told(tiny):
    with running_server(tiny) as url, pytest.raises(IsobudgetError, match="cannot listen on"):
        serve(port=int(url.rpartition(":")[2].removesuffix("/v1")))


def test_the_child_ends_with_its_parent():
    """A child whose stdin closes, as it does when the parent is killed, is gone at once."""
    command = [sys.executable, "-m", "bench.worlds.serve", "--port", "0", "--child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline().startswith("http://127.0.0.1:")
        child.stdin.close()
        assert child.wait(timeout=10) == 0
