"""Every sentence is derived from the data: change the data and the sentence changes."""

import numpy as np
import pytest

from leaderboard.ranks import Plan
from leaderboard.site import Source
from leaderboard.site.study import Study
from leaderboard.site.words import headline, may, may_not


def study(runs, plan=None, questions=None, **changes):
    return Study(Source("quick", "a title", runs, questions, plan or Plan(), {}, "00", **changes))


def text(sentences):
    return " ".join(sentences)


@pytest.fixture(scope="module")
def runs(frames):
    return frames.runs()


def test_a_shared_first_place_is_called_shared(frames):
    twins = frames.runs(methods=("random", "tpe"))

    assert "the first place is shared" in text(headline(study(twins)))


def test_a_clear_lead_is_called_one(runs):
    ahead = runs.assign(accuracy=runs["accuracy"] + 0.1 * (runs["method"] == "agent-reinforce"))
    words = text(headline(study(ahead)))

    assert "Agent-REINFORCE (scripted agent) has the highest mean accuracy" in words
    assert "is separated from every other method" in words
    assert "for 1 of them the interval lies wholly beyond" in text(may(study(ahead))) or "for 2 of them" in words


def test_nothing_better_than_the_reference_is_said(frames):
    same = frames.runs(methods=("random", "random-agent", "single"))
    words = text(may(study(same)))

    assert "No method is better than Random search" in words
    assert "1 is worse" in words


def test_without_the_reference_nothing_is_compared(frames):
    alone = frames.runs(methods=("single", "tpe"))

    assert "The reference method (random) has no runs here" in text(headline(study(alone)))


def test_simulated_scripted_and_power_are_named(runs):
    words = text(may_not(study(runs)))

    assert "Everything here was simulated" in words
    assert "in these very worlds, not for other worlds" in words
    assert "would most likely have been missed" in words
    assert "every entry is self-reported" in words
    assert "scripted" not in words.replace("(scripted agent)", "")
    noted = runs.assign(note=np.where(runs["method"] == "agent-reinforce", "scripted agent: no evidence", ""))
    assert "a deterministic script answers in place of the LLM" in text(may_not(study(noted)))


def test_a_family_claims_for_its_family(frames):
    words = text(may_not(study(frames.family())))

    assert "The claims are for new worlds of this family" in words
    assert "3 of stratum raw, 3 of stratum trap were run and are reported apart" in words


def test_failures_and_infrastructure_are_counted(runs):
    broken = runs.copy()
    broken.loc[[0, 1], "status"] = "method_fault"
    broken.loc[[70], "status"] = "infra"
    words = text(may_not(study(broken)))

    assert "2 runs of 180 failed by the method's fault" in words
    assert "1 run of 180 were lost to infrastructure" in words
    assert "left out for all methods" in words
    assert "failed by" not in text(may_not(study(runs)))


def test_badges_and_missing_plans_are_named(runs):
    words = text(may_not(study(runs, Plan(assumed=True), badges={"random": "verified"})))

    assert "5 of 6 entries are self-reported" in words
    assert "nothing is confirmatory" in words


def test_one_seed_has_no_interval(frames):
    assert "No interval can be given" in text(may_not(study(frames.runs(seeds=1))))


def test_tracks_are_told_apart(frames):
    family = frames.searches(frames.family(strata={"headroom": 6}), (30, 120))
    executions = family.assign(variant="executions")
    units = executions["search"].str.replace("ex", "units")
    compute = executions.assign(variant="compute", search=units, search_currency="flops")
    compute["accuracy"] -= 0.2 * (compute["method"] == "tpe")
    import pandas as pd

    both = pd.concat([executions, compute], ignore_index=True)
    words = text(may(study(both, Plan(primary="compute"))))

    assert (
        "No method is separated upwards from Random search on each of the tracks compute and executions" in words
    )
    assert "On some of these tracks alone: TPE" in words
    assert "At the smallest search budget (30units) 0 of 2" in words
