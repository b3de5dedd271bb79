"""What servers count of themselves: texts, differences, a server that was started again."""

import pytest

from bench.worlds.gauges import Meter, totals

PAGE = """\
# HELP vllm:generation_tokens_total Number of generation tokens processed.
# TYPE vllm:generation_tokens_total counter
vllm:generation_tokens_total{{engine="0",model_name="S"}} {written}
vllm:generation_tokens_total{{engine="1",model_name="S"}} 1.5e+01
vllm:prompt_tokens_total{{engine="0",model_name="S"}} 40.0
vllm:request_success_total{{engine="0",finished_reason="stop",model_name="S"}} 3.0
vllm:request_success_total{{engine="0",finished_reason="length",model_name="S"}} 1.0
vllm:request_queue_time_seconds_sum{{engine="0",model_name="S"}} 0.25
vllm:request_queue_time_seconds_count{{engine="0",model_name="S"}} 4.0
vllm:num_requests_running{{engine="0",model_name="S"}} 2.0
"""


def test_counters_are_summed_over_engines_and_reasons():
    assert totals(PAGE.format(written=100.0)) == {
        "completion_tokens": 115.0,
        "prompt_tokens": 40.0,
        "calls": 4.0,
        "queue_seconds": 0.25,
    }


def _meter(*pages):
    waiting = list(pages)
    return Meter(lambda: waiting.pop(0)), waiting


def test_what_is_taken_is_the_difference():
    meter, _ = _meter(PAGE.format(written=100.0), PAGE.format(written=130.0))

    assert meter.take() == {}
    taken = meter.take()

    assert taken.pop("elapsed_seconds") > 0
    assert taken == {"completion_tokens": 30.0, "prompt_tokens": 0.0, "calls": 0.0, "queue_seconds": 0.0}


def test_a_server_that_was_started_again_counts_from_nothing():
    meter, _ = _meter(PAGE.format(written=100.0), PAGE.format(written=7.0))
    meter.take()

    assert meter.take()["completion_tokens"] == 22.0


@pytest.mark.parametrize("page", ["", "<html>no such page</html>", 'python_gc_objects_total{generation="0"} 1.0'])
def test_a_server_without_counters_is_asked_once(page):
    meter, waiting = _meter(page, "never read")

    assert [meter.take(), meter.take()] == [{}, {}]
    assert waiting == ["never read"]


def test_a_server_that_is_away_for_a_moment_is_asked_again():
    meter, _ = _meter(PAGE.format(written=100.0), "", PAGE.format(written=130.0))

    assert [meter.take(), meter.take()] == [{}, {}]
    assert meter.take()["completion_tokens"] == 30.0
