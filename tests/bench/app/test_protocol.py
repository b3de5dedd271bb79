"""Protocols: presets that load, files and changes, and one clear line for each mistake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.app.protocol import list_protocols, load_protocol
from bench.errors import IsobudgetError

OWN = """
title = "mine"
methods = ["random", "best-of-n"]
search = "60ex"
questions = 5
seeds = 4
items = 50
analysis = "paired-items"
"""


def test_the_published_protocol_is_the_published_one():
    found = load_protocol("published")

    assert (found.search, found.questions, found.selection, found.seeds, found.items) == ("30ex", 3, "own", 1, 100)


@pytest.mark.parametrize("name", list_protocols())
def test_every_preset_has_its_runs(name):
    protocol = load_protocol(name)
    specs = protocol.specs()
    places = 48 if protocol.instances else len(protocol.tasks)

    assert len(specs) == len({spec.id for spec in specs})
    assert len(specs) == protocol.bank * places * (len(protocol.methods) + protocol.copies - 1)
    copies = {spec.stream for spec in specs if spec.method == protocol.reference}
    assert copies == set(range(protocol.copies))


def test_how_methods_are_compared_does_not_change_the_bank():
    one = load_protocol("published")
    other = load_protocol("published", {"seeds": 5, "items": 300, "analysis": "crossed", "bank": 10})

    assert other.folder == one.folder
    assert other.specs() == one.specs()[: len(other.specs())]
    assert load_protocol("published", {"search": "60ex"}).folder != one.folder
    assert replace(one, methods=("random", "tpe"), copies=2).folder == one.folder


def test_a_family_is_compared_in_its_ranked_worlds():
    protocol = load_protocol("standard")

    assert len({dict(spec.world_options)["universe"] for spec in protocol.specs()}) == 48
    order = [spec.world_options for spec in protocol.specs()]
    assert order == sorted(order)


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN)

    assert load_protocol(str(path)).items == 50
    assert load_protocol(str(path), {"items": 70}).items == 70


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("itms = 3", "no field 'itms': there are title, methods"),
        ("bank = 'x'", "bank = 'x' is no int"),
        ("alpha = 5", "alpha 5 is no probability"),
        ("reference = 'tpe'", "its reference tpe is none of its methods"),
        ("correction = 'bh'", "correction 'bh' is neither none nor holm"),
        ("instances = 'dev'", "exact accuracies"),
        ("universe = ''", "it needs a universe, or instances"),
        ("copies = 1", "at least two copies"),
        ("tasks = [3]", "tasks = [3] is no"),
        ("x", "Expected '='"),
    ],
)
def test_a_mistake_in_a_file_is_one_clear_line(line, words, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(f"{OWN}{line}\n")

    with pytest.raises(IsobudgetError, match=None) as error:
        load_protocol(str(path))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"analysis": "crossed"}, "crossed needs at least 2 seeds, not 1"),
        ({"analysis": "crosed"}, "no analysis 'crosed': there are crossed, exact"),
        ({"items": 1}, "needs at least two test items"),
        ({"analysis": "exact", "seeds": 3}, "exact accuracies ask no test items"),
        ({"methods": ("random",)}, "at least two methods"),
        ({"methods": ("randon", "tpe")}, "did you mean 'random'?"),
    ],
)
def test_a_mistake_in_an_option_is_one_clear_line(changes, words):
    with pytest.raises(IsobudgetError) as error:
        load_protocol("published", changes)
    assert words in str(error.value)


def test_a_missing_field_and_a_missing_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN.replace('search = "60ex"', ""))

    with pytest.raises(IsobudgetError, match="it needs 'search'"):
        load_protocol(str(path))
    with pytest.raises(IsobudgetError, match="no protocol file"):
        load_protocol(str(tmp_path / "none.toml"))
    with pytest.raises(IsobudgetError, match="did you mean 'published'"):
        load_protocol("publishd")
