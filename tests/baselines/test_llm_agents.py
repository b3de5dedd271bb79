"""Runs that an LLM drives, on a server that plays one: whatever it replies, the run goes on and is paid."""

from __future__ import annotations

import agent_server as play
import pytest
from agent_server import agent_server
from click.testing import CliRunner

from bench import load_records, run
from bench.agent_model import AgentModel
from bench.app.cli import main
from bench.errors import IsobudgetError
from bench.worlds.client import Policy

PATIENT = Policy(timeout=30.0, concurrency=1, retries=1, backoff=0.01)
OPTIONS = {"search": "300ex", "questions": 10, "tests": 10, "selection": "own"}


def _driven(url, method="agent-reinforce[agent=llm]", policy=PATIENT, **options):
    return run(method, "math", agent_model=AgentModel("an-llm", url, policy=policy), **(OPTIONS | options))


@pytest.mark.parametrize(
    ("mode", "useless"),
    [
        ((play.valid,), False),
        ((play.fenced,), False),
        ((play.uncounted,), False),
        ((play.prose, play.valid), False),
        ((play.error(429, **{"retry-after": "0"}), play.valid), False),
        ((play.plain_only,), False),
        ((play.off_schema,), True),
        ((play.refusing,), True),
        ((play.filtered,), True),
        ((play.cut,), True),
    ],
    ids="valid fenced uncounted once-malformed once-busy plain off-schema refusing filtered cut".split(),
)
def test_whatever_the_llm_replies_the_run_goes_on_and_pays(mode, useless):
    with agent_server(*mode) as (url, _):
        record = _driven(url)
    consulted, transcript = record.rows("agent"), record.summary["transcript"]

    assert record.summary["status"] == "ok"
    assert sum(event["executions"] for event in record.rows("search")) == 300
    assert consulted and all(event["prompt_tokens"] > 0 and event["flops"] > 0 for event in consulted)
    assert all(event["measured_wall"] > 0 for event in consulted)
    assert any(entry["usable"] for entry in transcript) != useless
    assert ("of no use" in record.summary["note"]) == useless
    assert record.summary["label"] == "Agent-REINFORCE (llm agent)"
    assert "driven by an-llm" in record.summary["note"] and "scripted" not in record.summary["note"]
    assert record.spec.agent == "an-llm"


def test_a_slow_llm_costs_what_it_read_and_no_more():
    with agent_server(play.slow) as (url, _):
        record = _driven(url, policy=PATIENT._replace(timeout=0.1), search="60ex")

    assert record.summary["status"] == "ok"
    assert {event["completion_tokens"] for event in record.rows("agent")} == {0}
    assert sum(event["seconds"] for event in record.rows("agent")) > 0


def test_the_release_is_driven_alike():
    with agent_server(play.valid) as (url, _):
        record = _driven(url, "agent-reinforce-release[agent=llm]")

    asked = [event["asked"] for event in record.rows("search")]

    assert asked[-10:] == [3] * 10 and set(asked[:-10]) == {1}
    assert len(record.summary["transcript"]) >= 10
    assert len({event["graph"] for event in record.rows("search")}) > 3


@pytest.mark.parametrize("change", ["traces=false", "insights_update=false", "inverted=true", "mixes=0"])
def test_ablations_reach_the_llm(change):
    with agent_server(play.valid) as (url, seen):
        _driven(url, f"agent-reinforce[agent=llm,{change}]")
    told = "\n".join(body["messages"][0]["content"] for body in seen)

    assert ("Failed questions" in told) == (change != "traces=false")
    assert ("each have an optimum" in told) == (change not in ("insights_update=false", "inverted=true"))
    assert ("have no optimum" in told) == (change == "inverted=true")
    assert ("Name up to" in told) == (change != "mixes=0")


@pytest.mark.parametrize("search", ["20kunits", "0.02usd", "2min"])
def test_an_llm_never_spends_more_than_the_budget(search):
    with agent_server(play.valid) as (url, _):
        record = _driven(url, search=search)
    currency = {"k": "flops", "u": "usd", "m": "seconds"}[search.lstrip("0123456789.")[0]]
    limit = {"flops": 20_000 * 9.71e11, "usd": 0.02, "seconds": 120}[currency]

    assert record.rows("agent")
    assert 0 < sum(float(event[currency]) for event in record.rows()) <= limit * (1 + 1e-9)


def test_without_an_llm_nothing_runs():
    with pytest.raises(IsobudgetError, match="needs an LLM"):
        run("agent-reinforce[agent=llm]", "math", **OPTIONS)


COMMAND = "run quick -m agent-reinforce[agent=llm] -m random -t math --seed 0 --search 200ex -q".split()


def _command(folder, *more):
    return CliRunner().invoke(main, [*COMMAND, "-j", "1", "-o", str(folder), *more])


def test_the_command_line_drives_a_suite_with_an_llm(tmp_path):
    with agent_server(play.valid) as (url, seen):
        done = _command(tmp_path, "--agent-url", url, "--agent-model", "an-llm")
        asked = len(seen)
        again = _command(tmp_path, "--agent-url", url, "--agent-model", "an-llm")
    records = {record.spec.method: record for record in load_records(tmp_path)}

    assert done.exit_code == 0, done.output
    assert again.exit_code == 0 and len(seen) == asked > 0
    assert records["agent-reinforce[agent=llm]"].spec.agent == "an-llm"
    assert records["random"].spec.agent == ""


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "needs an LLM: give --agent-url"),
        (("--agent-url", "http://127.0.0.1:9/v1"), "needs an LLM: give --agent-url"),
        (("--agent-url", "http://127.0.0.1:9/v1", "--agent-model", "x"), "the agent: no server at"),
        (("--agent-url", "127.0.0.1", "--agent-model", "x"), "no http URL"),
        (
            ("--agent-url", "http://127.0.0.1:9/v1", "--agent-model", "x", "--agent-key-env", "NONE"),
            "NONE is not set",
        ),
    ],
)
def test_what_is_missing_is_said_in_one_line_before_anything_runs(tmp_path, more, words):
    done = _command(tmp_path, *more)

    assert done.exit_code == 2
    assert words in done.output and done.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_llm_that_nobody_needs_is_refused(tmp_path):
    done = CliRunner().invoke(
        main, [*"run quick -m random --seed 0 --agent-url http://127.0.0.1:9/v1 -q -o".split(), str(tmp_path)]
    )

    assert done.exit_code == 2 and "agent=llm" in done.output
