"""Texts that `isobudget submit` writes: a method to start from, a card to fill in, cards of our own methods."""

from __future__ import annotations

import json
import re

from bench.registry import MethodSpec
from leaderboard.cards import HERE

__all__ = ["card_of", "card_template", "method_template"]

_METHOD = '''\
"""{label}: mostly look again at the best graph, sometimes at a new one."""

from bench import Optimizer, Proposal, method


@method("{name}", label="{label}", source="where the method is from")
class {cls}(Optimizer):
    epsilon: float = 0.5

    def ask(self):
        best = self.history.best(1)
        if best and self.rng.random() > self.epsilon:
            return Proposal(best[0])
        return Proposal(self.draw())
'''

_HEAD = """\
+++
name = {name}
label = {label}
authors = {authors}
url = {url}
licence = {licence}
tier = {tier}
prior_data = {prior_data}
agent = {agent}
tuning = {tuning}
+++
"""

_AGENTS = {
    "": "none",
    "scripted": "a scripted policy in place of an LLM",
    "random": "a random policy in place of an LLM",
    "llm": "the LLM that the runs name",
}


def method_template(name: str, label: str) -> str:
    """A whole method file."""
    cls = "".join(part.capitalize() for part in re.split(r"[^a-z0-9]+", name))
    return _METHOD.format(name=name, label=label, cls=cls if cls[0].isalpha() else f"Method{cls}").rstrip()


def card_template(name: str, label: str) -> str:
    """A card that says what it still needs."""
    head = _head(
        name=name,
        label=label,
        authors=["who made it"],
        url="https://where-it-is-described.example",
        licence="Apache-2.0",
        tier="P0",
        prior_data="none",
        agent="none",
        tuning="what was tuned, on which worlds, and how much it cost; or none",
    )
    return f"{head}\nSay in plain text what the method does, where it is from, and what a reader must know of it."


def card_of(method: MethodSpec, page: str) -> str:
    """The card of a method that comes with the suite, from its page in docs/methods."""
    info = method.info
    head = _head(
        name=method.text,
        label=method.label,
        authors=["isobudget"],
        url=HERE,
        licence="Apache-2.0",
        tier=info.tier,
        prior_data="the graph that was best on public instances"
        if info.kind == "control" and not info.searches
        else ("the truth of the world: a bound, never ranked" if info.kind == "bound" else "none"),
        agent=_AGENTS[method.agent],
        tuning="none for these runs: the defaults that its page gives reasons for",
    )
    parts = [f"Reference implementation by this repository. Source: {info.source}."]
    parts += [_plain(_section(page, title)) for title in ("What it does", "What we changed, and why")]
    return head + "\n" + "\n\n".join(part for part in parts if part)


def _head(**fields: str | list[str]) -> str:
    return _HEAD.format(**{name: json.dumps(value, ensure_ascii=False) for name, value in fields.items()})


def _section(page: str, title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n+(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    return found[1].strip() if found else ""


def _plain(text: str) -> str:
    """Markdown without its links."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
