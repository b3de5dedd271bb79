"""The tree of our errors.

    IsobudgetError              anything a user can mend; the command line prints it as one line, exit code 2
    ├── UnknownName             a method, task, suite, pool or world that does not exist (suggests the nearest)
    ├── InfeasibleBudget        an inference budget below the cheapest graph (names that graph and its cost)
    ├── InvalidGraph            a graph that breaks its own rules (cycle, missing node, reader of itself)
    ├── BudgetExceeded          a charge that would overshoot the binding currency; nothing was charged
    ├── MethodFault             a method broke the protocol (infeasible proposal, no graph, an exception)
    ├── BrokenRecord            a record file that cannot be read (names the file and the row)
    └── WorldError              the world could not answer
        ├── Unreachable         no server at that address
        └── BadReply            the server answers, but not as the protocol says
            └── TimedOut        it does not answer in time

`tasks.TaskError` is the same idea for what happens before any graph exists: `USER_ERRORS` holds both.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from tasks.base import TaskError

__all__ = [
    "USER_ERRORS",
    "BadReply",
    "BrokenRecord",
    "BudgetExceeded",
    "InfeasibleBudget",
    "InvalidGraph",
    "IsobudgetError",
    "MethodFault",
    "TimedOut",
    "UnknownName",
    "Unreachable",
    "WorldError",
    "unknown",
]


class IsobudgetError(Exception):
    """An error with a message for the user: what was wrong, where, and what to do."""


class UnknownName(IsobudgetError):
    """A name that nothing answers to."""


class InfeasibleBudget(IsobudgetError):
    """No graph of the space fits the inference budget."""


class InvalidGraph(IsobudgetError, ValueError):
    """A graph that breaks the rules every graph obeys, whatever the space."""


class BudgetExceeded(IsobudgetError):
    """The binding currency would be overshot; the ledger is unchanged."""


class MethodFault(IsobudgetError):
    """A method did something the protocol forbids."""


class BrokenRecord(IsobudgetError):
    """A file that is not a record, or not a whole one."""


class WorldError(IsobudgetError):
    """The world could not answer a node call."""


class Unreachable(WorldError):
    """Nothing listens at the server's address."""


class BadReply(WorldError):
    """Something listens, but its answers are not what the protocol promises. status: of HTTP, where refused."""

    status: int = 0


class TimedOut(BadReply):
    """Something listens, but no answer came in time."""


USER_ERRORS: tuple[type[Exception], ...] = (IsobudgetError, TaskError)


def unknown(kind: str, name: str, known: Iterable[str]) -> UnknownName:
    """The error for a name that does not exist, with the nearest one that does.

    >>> str(unknown("method", "randon", ["random", "tpe"]))
    "no method 'randon': did you mean 'random'? (isobudget list methods)"
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names)}"
    return UnknownName(f"no {kind} '{name}': {hint} (isobudget list {kind}s)")
