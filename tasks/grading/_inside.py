"""The side of the untrusted program: load it, then call its function for whoever asks over the pipe.

Run as a script inside the sandbox, with requests on fd 0 and replies on fd 1. Messages (see `_wire.py`):
first comes {"program", "entry", "cpu", "memory"}; then {"args", "kwargs"} any number of times. Replies are
{"ok": data} or {"error": kind}. Fd 0 and 1 are /dev/null when the program starts, so what it prints goes
nowhere. What it can still do to its own interpreter it may do: only data leaves, and the verdict is reached
elsewhere.
"""

from __future__ import annotations

import os
import resource
import sys

from _wire import receive, send  # type: ignore[import-not-found]

TYPE_CHECKING = False  # importing `typing` costs 10 ms a program
if TYPE_CHECKING:
    from typing import Any, BinaryIO

FILE_BYTES = 1 << 20
OPEN_FILES = 64
PIPE_FD = 40  # out of the way of the low numbers that programs close or write to


def main() -> None:
    """Serve one program until the other end closes the pipe."""
    sys.path.pop(0)  # the program must not find our files by name
    requests, replies = _take_pipes()
    first = receive(requests)
    limit(first["cpu"], first["memory"])
    send(replies, {"ok": "ready"})
    function, error = load(first["program"], first["entry"])
    send(replies, {"error": error} if error else {"ok": None})
    while error is None:
        try:
            request = receive(requests)
        except EOFError:
            break
        reply(replies, function, request)
    os._exit(0)  # whatever the program left behind (threads, exit handlers) ends here


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the two pipes to high descriptors and leave /dev/null (fd 2) at 0 and 1."""
    for fd in (0, 1):
        os.dup2(fd, PIPE_FD + fd, inheritable=False)
        os.dup2(2, fd)
    return os.fdopen(PIPE_FD, "rb"), os.fdopen(PIPE_FD + 1, "wb")


def limit(cpu: int, memory: int) -> None:
    """Bound CPU seconds, address space in bytes, files and processes; none can be raised again."""
    for name, soft, hard in (
        ("RLIMIT_CPU", cpu, cpu + 1),
        ("RLIMIT_AS", memory, memory),
        ("RLIMIT_FSIZE", FILE_BYTES, FILE_BYTES),
        ("RLIMIT_NOFILE", OPEN_FILES, OPEN_FILES),
        ("RLIMIT_NPROC", 0, 0),
        ("RLIMIT_CORE", 0, 0),
    ):
        resource.setrlimit(getattr(resource, name), (soft, hard))


def load(program: str, entry: str) -> tuple[Any, str | None]:
    """The function a program defines, or the kind of error ("syntax", "missing", a name)."""
    namespace: dict[str, Any] = {"__name__": "program", "__builtins__": __builtins__}
    try:
        exec(compile(program, "<program>", "exec"), namespace)
        return namespace[entry], None
    except (SyntaxError, ValueError) as error:
        # A syntax error of the program itself; one raised while it runs is an exception like any other.
        return None, "syntax" if error.__traceback__ and error.__traceback__.tb_next is None else name(error)
    except KeyError as error:
        return None, "missing" if error.__traceback__ and error.__traceback__.tb_next is None else name(error)
    except BaseException as error:
        return None, name(error)


def reply(replies: BinaryIO, function: Any, request: dict[str, Any]) -> None:
    """Answer one call with its result as data, or with the kind of error."""
    try:
        result = function(*request["args"], **request["kwargs"])
    except BaseException as error:
        send(replies, {"error": name(error)})
        return
    try:
        send(replies, {"ok": result})
    except OSError:
        os._exit(0)
    except BaseException:  # not plain data, too long, nested without end, out of memory
        send(replies, {"error": f"unserialisable {name(result)}"})


def name(thing: Any) -> str:
    """The name of a thing's type, without trusting the type."""
    return str(type.__getattribute__(type(thing), "__name__"))[:60]


if __name__ == "__main__":
    main()
