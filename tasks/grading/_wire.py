"""Plain data over a pipe: what crosses the border between a test and the program it tests.

A message is a 4-byte big-endian length and one encoded value. A value is a letter for its type and its
content: a count of items or bytes (4 bytes) and these. Only exact built-in types come out of `decode`, so
nothing a program defines (`__eq__`, `__len__`, subclasses) ever runs on the test's side. Both ends import
this file, from a folder of its own in the sandbox; it needs nothing else, which keeps an interpreter's
start below 20 ms (`json` doubles it).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, BinaryIO

__all__ = ["MAX_BYTES", "ProtocolError", "Unserialisable", "decode", "encode", "receive", "send"]

MAX_BYTES = 8 * 1024 * 1024
"""Longest message; a HumanEval result has a few hundred bytes."""


class Unserialisable(Exception):
    """A value that is not plain data."""


class ProtocolError(Exception):
    """Bytes that are not a message of this protocol."""


def encode(value: Any) -> bytes:
    """A value as bytes. Subclasses of plain types become their base: a Counter is a dict.

    Raises Unserialisable for other types, RecursionError for nesting without end.
    """
    if value is None:
        return b"N"
    if value is True or value is False:
        return b"T" if value else b"F"
    for kind, letter, content in _TYPES:
        if isinstance(value, kind):
            return letter + content(value)
    raise Unserialisable(type.__getattribute__(type(value), "__name__"))


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _items(values: Iterable[Any]) -> bytes:
    parts = [encode(value) for value in values]
    return len(parts).to_bytes(4, "big") + b"".join(parts)


def _pairs(value: dict[Any, Any]) -> bytes:
    return _items(part for pair in dict.items(value) for part in pair)


# What a program overrides in a subclass is passed over: the methods are those of the built-in types.
_TYPES: tuple[tuple[type, bytes, Callable[[Any], bytes]], ...] = (
    (int, b"i", lambda value: _sized(hex(int.__int__(value)).encode())),
    (float, b"f", lambda value: _sized(float.hex(value).encode())),
    (str, b"s", lambda value: _sized(str.encode(value, "utf-8", "surrogatepass"))),
    (list, b"l", lambda value: _items(list.__iter__(value))),
    (tuple, b"t", lambda value: _items(tuple.__iter__(value))),
    (dict, b"d", _pairs),
    (set, b"S", lambda value: _items(set.__iter__(value))),
    (frozenset, b"Z", lambda value: _items(frozenset.__iter__(value))),
    (bytes, b"b", lambda value: _sized(bytes.__getitem__(value, slice(None)))),
    (complex, b"c", lambda value: _items((value.real, value.imag))),
)


def decode(data: bytes) -> Any:
    """The value of `encode`, built from exact built-in types. Raises ProtocolError on anything else."""
    try:
        value, end = _decode(data, 0)
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ProtocolError(f"not plain data ({type(error).__name__})") from None
    if end != len(data):
        raise ProtocolError("bytes after the value")
    return value


def _decode(data: bytes, start: int) -> tuple[Any, int]:
    letter = data[start : start + 1]
    if letter in _CONSTANTS:
        return _CONSTANTS[letter], start + 1
    size, start = int.from_bytes(data[start + 1 : start + 5], "big"), start + 5
    # Every item takes a byte at least, so a count beyond the data is a lie.
    if size > len(data) - start:
        raise ValueError("cut off")
    if letter in _FROM_BYTES:
        return _FROM_BYTES[letter](data[start : start + size]), start + size
    items = []
    for _ in range(size):
        item, start = _decode(data, start)
        items.append(item)
    return _FROM_ITEMS[letter](items), start


_CONSTANTS = {b"N": None, b"T": True, b"F": False}
_FROM_BYTES: dict[bytes, Callable[[bytes], Any]] = {
    b"i": lambda data: int(data, 16),
    b"f": lambda data: float.fromhex(data.decode()),
    b"s": lambda data: data.decode("utf-8", "surrogatepass"),
    b"b": bytes,
}
_FROM_ITEMS: dict[bytes, Callable[[list[Any]], Any]] = {
    b"l": list,
    b"t": tuple,
    b"S": set,
    b"Z": frozenset,
    b"d": lambda items: dict(zip(items[::2], items[1::2], strict=True)),
    b"c": lambda items: complex(*items),
}


def send(stream: BinaryIO, value: Any) -> None:
    """Write one message. Raises Unserialisable, before a byte is written, when it cannot be one."""
    body = encode(value)
    if len(body) > MAX_BYTES:
        raise Unserialisable(f"{len(body)} bytes")
    stream.write(_sized(body))
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Read one message. Raises EOFError when the other end is gone and ProtocolError for anything else."""
    size = int.from_bytes(_exactly(stream, 4), "big")
    if size > MAX_BYTES:
        raise ProtocolError(f"a message of {size} bytes")
    return decode(_exactly(stream, size))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
