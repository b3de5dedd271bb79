"""Plain data over a pipe."""

import io
import math
import struct
from collections import Counter, OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.grading._wire import MAX_BYTES, ProtocolError, Unserialisable, decode, encode, receive, send

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(alphabet=st.characters(exclude_categories=[]))
    | st.binary()
    | st.complex_numbers(allow_nan=False)
)
KEYS = SCALARS | st.tuples(SCALARS) | st.frozensets(SCALARS)
VALUES = st.recursive(
    SCALARS | st.sets(KEYS) | st.frozensets(KEYS),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


def same(a, b):
    """Equality that tells types apart, as 1, 1.0 and True must not be confused."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(map(same, a.items(), b.items()))
    return a == b


@given(VALUES)
def test_values_come_back_with_their_types(value):
    assert same(decode(encode(value)), value)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_protocol_error(data):
    try:
        value = decode(data)
    except ProtocolError:
        return
    assert same(decode(encode(value)), value) or value != value or "nan" in repr(value)


def test_not_a_number_and_infinities():
    assert math.isnan(decode(encode(math.nan)))
    assert decode(encode([math.inf, -math.inf])) == [math.inf, -math.inf]


@pytest.mark.parametrize("value", [Counter("aab"), OrderedDict(a=1)])
def test_a_subclass_becomes_its_base(value):
    assert type(decode(encode(value))) is dict
    assert decode(encode(value)) == dict(value)


def test_what_a_subclass_overrides_is_passed_over():
    class Liar(int):
        def __int__(self):
            return 42

        def __eq__(self, other):
            return True

        def __index__(self):
            return 42

        __hash__ = int.__hash__

    assert decode(encode(Liar(7))) == 7


@pytest.mark.parametrize("value", [object(), range(3), iter([]), len, {1: object()}, [type]])
def test_other_types_are_refused(value):
    with pytest.raises(Unserialisable):
        encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"i",
        b"i\0\0\0\1x",
        b"N extra",
        b"l\xff\xff\xff\xff",
        b"l\0\0\0\2N",
        b"d\0\0\0\1N",
        b"S\0\0\0\1l\0\0\0\0",
        b"f\0\0\0\3xyz",
        b"l\0\0\0\1" * 50_000,
    ],
    ids=lambda data: repr(data[:12]),
)
def test_broken_data_is_a_protocol_error(data):
    with pytest.raises(ProtocolError):
        decode(data)


def test_messages_follow_each_other():
    stream = io.BytesIO()
    send(stream, {"a": (1, None)})
    send(stream, "b")
    stream.seek(0)
    assert [receive(stream), receive(stream)] == [{"a": (1, None)}, "b"]
    with pytest.raises(EOFError):
        receive(stream)


def test_long_messages_are_refused_on_both_sides():
    with pytest.raises(Unserialisable):
        send(io.BytesIO(), "x" * MAX_BYTES)
    with pytest.raises(ProtocolError):
        receive(io.BytesIO(struct.pack(">I", MAX_BYTES + 1)))
