"""What a node call looks like in an OpenAI-compatible request, and how our own server is recognised.

The metadata say what the simulated world's keys need and a prompt cannot show. OpenAI's limits hold: at most
16 pairs, all of them strings, none above 512 characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["OWNER", "Parent", "Tags", "tags_from_metadata"]

OWNER = "isobudget-simulated"
"""`owned_by` of our server's models: nothing it answers may be called measured."""


class Parent(NamedTuple):
    """One predecessor: its topological level, the tokens of its answer, its role and its model's name."""

    level: int
    tokens: int
    role: str
    model: str


class Tags(NamedTuple):
    """Whose call it is. item: the split's first one plus the question's index. salt: 0 when there is none."""

    task: str
    item: int
    trial: int
    salt: int
    role: str
    replica: int
    parents: tuple[Parent, ...]

    def metadata(self) -> dict[str, str]:
        """As a request's `metadata`: texts, the salt in hexadecimal, a list for each field of the parents."""
        return {
            "task": self.task,
            "item": str(self.item),
            "trial": str(self.trial),
            "salt": f"{self.salt:x}",
            "role": self.role,
            "replica": str(self.replica),
            "parent_levels": _listed([parent.level for parent in self.parents]),
            "parent_tokens": _listed([parent.tokens for parent in self.parents]),
            "parent_roles": _listed([parent.role for parent in self.parents]),
            "parent_models": _listed([parent.model for parent in self.parents]),
        }


def tags_from_metadata(data: Mapping[str, Any]) -> Tags:
    """The inverse of `Tags.metadata`. Raises KeyError for a missing field, ValueError for a bad one."""
    levels, tokens, roles, models = (
        _items(str(data[f"parent_{name}"])) for name in ("levels", "tokens", "roles", "models")
    )
    return Tags(
        task=str(data["task"]),
        item=int(data["item"]),
        trial=int(data["trial"]),
        salt=int(str(data["salt"]), 16),
        role=str(data["role"]),
        replica=int(data["replica"]),
        parents=tuple(
            Parent(int(level), int(count), role, model)
            for level, count, role, model in zip(levels, tokens, roles, models, strict=True)
        ),
    )


def _listed(values: Sequence[object]) -> str:
    return ",".join(map(str, values))


def _items(text: str) -> list[str]:
    return text.split(",") if text else []
