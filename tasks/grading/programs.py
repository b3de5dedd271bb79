"""The program in a code completion, and the helpers a prompt brings: source text in, source text out.

A completion is either chat (the whole function, mostly in a fenced block) or a continuation of the prompt (an
indented body). Both become one module that stands alone.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator

from tasks.grading.extract import Found

__all__ = ["helpers", "program"]

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.S | re.M)
_STOP = re.compile(r"^(?:```|\S.*$)", re.M)


def helpers(prompt: str, entry_point: str) -> str:
    """The source of a prompt without the function to be written: imports and helper functions.

    Some official tests call such helpers (`poly`, `encode_shift`), so they run on the test's side too.
    """
    tree = _parse(prompt + "\n    pass\n")
    if tree is None:
        return ""
    kept = [node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name == entry_point)]
    return ast.unparse(ast.Module(kept, []))


def program(completion: str, prompt: str, entry_point: str) -> Found:
    """A module that defines `entry_point`, with the prompt's own imports and helpers before it.

    Of several fenced blocks the last one that defines the function counts; blocks before it are put in
    front when they parse (helpers in a block of their own). A completion without code is no answer; code
    that does not parse or does not define the function is malformed.
    """
    if not completion.strip():
        return Found(None)
    head = helpers(prompt, entry_point)
    for candidate in _candidates(completion, prompt, entry_point):
        tree = _parse(candidate)
        if tree is not None and _defines(tree, entry_point):
            return Found(f"{head}\n{candidate.strip()}\n" if head else f"{candidate.strip()}\n")
    return Found(None, _why(completion, entry_point))


def _candidates(completion: str, prompt: str, entry_point: str) -> Iterator[str]:
    blocks = [_outdented(match[3]) for match in _FENCE.finditer(completion)]
    for i in range(len(blocks) - 1, -1, -1):
        tree = _parse(blocks[i])
        if tree is not None and _defines(tree, entry_point):
            before = [block for block in blocks[:i] if _is_library(block, entry_point)]
            yield "\n".join([*before, blocks[i]])
    for body in reversed([match[3] for match in _FENCE.finditer(completion)]):
        yield _continued(prompt, body)
    if not blocks:
        yield completion
        yield _continued(prompt, completion)
        yield _from_def(completion, entry_point)


def _outdented(block: str) -> str:
    # `dedent` also empties lines of blanks inside strings, so it only runs where it is needed.
    return textwrap.dedent(block) if block[:1].isspace() else block


def _is_library(block: str, entry_point: str) -> bool:
    """Whether an earlier block only defines things, so that it may go in front of the last one."""
    tree = _parse(block)
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign)
    return tree is not None and not _defines(tree, entry_point) and all(isinstance(n, kinds) for n in tree.body)


def _continued(prompt: str, body: str) -> str:
    """The prompt followed by a body; prose or a second function after the body is cut off when it must be."""
    body = body.lstrip("\n")
    if re.match(r"def |class |@|async ", body):
        return ""  # definitions that are no body; indenting them would make them one
    if body and not body[0].isspace():
        # A chat model sometimes drops the indentation of the first line, or of all of them.
        lines = body.split("\n")
        flush = all(not line or line[0].isspace() for line in lines[1:]) and len(lines) > 1 and _deep(lines)
        body = "    " + body if flush else textwrap.indent(body, "    ")
    whole = prompt.rstrip("\n") + "\n" + body
    if _parse(whole) is not None:
        return whole
    stop = _STOP.search(body)
    return prompt.rstrip("\n") + "\n" + body[: stop.start()] if stop else whole


def _deep(lines: list[str]) -> bool:
    indents = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    return not indents or min(indents) >= 4


def _from_def(completion: str, entry_point: str) -> str:
    """Code without fences amid prose: from the first import or definition to the last line that parses."""
    start = re.search(r"^(?:import |from \w+ import |def |class |@)", completion, re.M)
    if not start or f"def {entry_point}" not in completion:
        return ""
    lines = completion[start.start() :].split("\n")
    while lines and (broken := _broken_line("\n".join(lines))):
        # Whatever is longer holds the same mistake, so nothing between is worth a try.
        del lines[min(broken, len(lines)) - 1 :]
    return "\n".join(lines)


def _parse(source: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a model's invalid escape sequence is not ours to report
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _broken_line(source: str) -> int:
    """The number of the line at which a source stops being Python; 0 where it does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except SyntaxError as error:
            return max(1, error.lineno or 1)
        except (ValueError, RecursionError, MemoryError):
            return 1
    return 0


def _defines(tree: ast.Module, entry_point: str) -> bool:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == entry_point:
            return True
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == entry_point for target in targets):
            return True
    return False


def _why(completion: str, entry_point: str) -> str:
    if not re.search(r"\b(?:def|return|lambda|import)\b|```", completion):
        return ""
    return f"no parsable code that defines {entry_point}"
