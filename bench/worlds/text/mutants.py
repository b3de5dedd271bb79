"""Wrong programs: a function with one small change each, source text in, source texts out.

A change inside a `while` loop easily never ends, so those nodes are left alone.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["mutants", "tidy"]

_OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.FloorDiv,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
_Change = Callable[[], None]


def mutants(source: str, entry_point: str) -> list[str]:
    """Variants of a module in which one thing inside the function `entry_point` is changed, all different."""
    tree = ast.parse(source)
    total = len(list(_changes(tree, entry_point)))
    texts = [tidy(source)]
    for i in range(total):
        other = copy.deepcopy(tree)
        for j, change in enumerate(_changes(other, entry_point)):
            if j == i:
                change()
                break
        text = ast.unparse(ast.fix_missing_locations(other))
        if text not in texts:
            texts.append(text)
    return texts[1:]


def tidy(source: str) -> str:
    """A module as the parser writes it: without comments, in one layout."""
    return ast.unparse(ast.parse(source))


def _changes(tree: ast.Module, entry_point: str) -> Iterator[_Change]:
    """Every change, as a function that makes it; a pure function of the tree, in the order of the source."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == entry_point:
            docstring = node.body[0] if ast.get_docstring(node) is not None else None
            for statement in node.body:
                if statement is not docstring:
                    yield from _within(statement)


def _within(node: ast.AST) -> Iterator[_Change]:
    if isinstance(node, ast.While):
        return
    yield from _of(node)
    for child in ast.iter_child_nodes(node):
        yield from _within(child)


def _of(node: ast.AST) -> Iterator[_Change]:
    match node:
        case ast.Compare():
            for i, operator in enumerate(node.ops):
                if type(operator) in _OPERATORS:
                    yield _setting(node.ops, i, _OPERATORS[type(operator)]())
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp():
            if type(node.op) in _OPERATORS:
                yield _assigning(node, "op", _OPERATORS[type(node.op)]())
        case ast.Constant(value=bool(value)):
            yield _assigning(node, "value", not value)
        case ast.Constant(value=int(value)):
            yield _assigning(node, "value", value + 1)
            yield _assigning(node, "value", value - 1)
        case ast.Constant(value=str(value)):
            yield _assigning(node, "value", f"{value} " if value != " " else "")
        case ast.If() | ast.IfExp():
            yield _assigning(node, "test", ast.UnaryOp(ast.Not(), node.test))
        case ast.Return() if node.value is not None:
            yield _assigning(node, "value", ast.Constant(None))
        case ast.UnaryOp(op=ast.USub() | ast.Not()):
            yield _assigning(node, "op", ast.UAdd() if isinstance(node.op, ast.USub) else ast.USub())


def _assigning(node: ast.AST, field: str, value: Any) -> _Change:
    return lambda: setattr(node, field, value)


def _setting(items: list[ast.cmpop], i: int, value: Any) -> _Change:
    def change() -> None:
        items[i] = value

    return change
