"""The side of the test: run the official test against a function that lives in the sandbox.

Run as a script outside the sandbox, with the order on fd 0 (one message: {"test", "helpers", "entry",
"program", "cpu", "memory", "checker_cpu"}), the pipes to the sandbox on the descriptors given as arguments,
and the verdict as one message on fd 1: {"kind", "detail"}. The test sees `candidate`, a function that sends
its arguments over the pipe and returns what comes back, decoded into exact built-in types.
"""

from __future__ import annotations

import os
import resource
import sys

from _wire import ProtocolError, Unserialisable, receive, send  # type: ignore[import-not-found]

TYPE_CHECKING = False  # importing `typing` costs 10 ms a program
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO, NoReturn


class Ended(BaseException):
    """The verdict is reached, whatever the test would do next; `except Exception` cannot catch this."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(kind, detail)
        self.kind, self.detail = kind, detail


class CandidateError(Exception):
    """The program raised; what it raised stays inside."""


def main() -> None:
    """Read the order, judge, answer."""
    sys.path.pop(0)
    verdicts = os.fdopen(os.dup(1), "wb")
    order = receive(os.fdopen(os.dup(0), "rb"))
    for fd in (0, 1):
        os.dup2(2, fd)
    from_box, to_box = os.fdopen(int(sys.argv[1]), "rb"), os.fdopen(int(sys.argv[2]), "wb")
    cpu = order["checker_cpu"]
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    try:
        kind, detail = judge(order, from_box, to_box)
    except Ended as ended:
        kind, detail = ended.kind, ended.detail
    send(verdicts, {"kind": kind, "detail": detail})
    verdicts.close()
    os._exit(0)


def judge(order: dict[str, Any], from_box: BinaryIO, to_box: BinaryIO) -> tuple[str, str]:
    """Load the program in the sandbox and run the test here. Returns kind and detail."""
    ask = asker(from_box, to_box)
    if not _started(ask, order):
        return "infra_error", "the sandbox did not start"
    _loaded(from_box)
    if "random" in order["test"]:  # some official tests draw their inputs
        import random

        random.seed(0)
    candidate = proxy(ask)
    namespace: dict[str, Any] = {"__name__": "test"}
    try:
        exec(compile(order["helpers"], "<helpers>", "exec"), namespace)
        namespace[order["entry"]] = candidate
        exec(compile(order["test"], "<test>", "exec"), namespace)
        check = namespace["check"]
    except Exception as error:
        return "grader_error", f"the test does not load: {type(error).__name__}: {error}"
    return _run(check, candidate)


def _run(check: Callable[[Any], Any], candidate: Callable[..., Any]) -> tuple[str, str]:
    try:
        check(candidate)
    except AssertionError:
        return "wrong", "an assertion of the test failed"
    except CandidateError as error:
        return "wrong", f"the program raised {error}"
    except Exception as error:
        # The test choked on the value it got (len of None, say): official harnesses call that a failure too.
        return "wrong", f"the test could not use the result ({type(error).__name__})"
    return "correct", ""


def asker(from_box: BinaryIO, to_box: BinaryIO) -> Callable[[Any], Any]:
    """A function that sends a message to the sandbox and returns the reply; a broken pipe ends the test."""

    def ask(message: Any) -> Any:
        try:
            send(to_box, message)
            return receive(from_box)
        except (EOFError, OSError):
            raise Ended("ended", "the program ended before the test did") from None
        except Unserialisable as error:
            raise Ended("grader_error", f"the test passes a {error}") from None
        except ProtocolError as error:
            raise Ended("wrong", str(error)) from None

    return ask


def _started(ask: Callable[[Any], Any], order: dict[str, Any]) -> bool:
    first = {key: order[key] for key in ("program", "entry", "cpu", "memory")}
    try:
        return bool(ask(first) == {"ok": "ready"})
    except Ended:
        return False


def _loaded(from_box: BinaryIO) -> None:
    """Wait until the program is loaded; ends the test when it does not load."""
    try:
        reply = receive(from_box)
    except (EOFError, OSError):
        raise Ended("ended", "the program ended while it was loaded") from None
    except ProtocolError as error:
        raise Ended("wrong", str(error)) from None
    raised = reply.get("error") if isinstance(reply, dict) else "nothing"
    if raised in ("syntax", "missing"):
        raise Ended("malformed", "a syntax error" if raised == "syntax" else "the function is not defined")
    if raised is not None:
        raise Ended("wrong", f"loading the program raised {str(raised)[:80]}")


def proxy(ask: Callable[[Any], Any]) -> Callable[..., Any]:
    """The function the test calls."""

    def candidate(*args: Any, **kwargs: Any) -> Any:
        return _result(ask({"args": args, "kwargs": kwargs}))

    return candidate


def _result(reply: Any) -> Any:
    if not isinstance(reply, dict) or len(reply) != 1 or not reply.keys() <= {"ok", "error"}:
        raise Ended("wrong", "not a message of the protocol")
    if "error" in reply:
        _raise(str(reply["error"])[:80])
    return reply["ok"]


def _raise(error: str) -> NoReturn:
    if error.startswith("unserialisable"):
        raise Ended("wrong", f"the result is not plain data: {error}")
    raise CandidateError(error)


if __name__ == "__main__":
    main()
