"""`isobudget leaderboard RESULTS --out DIR`: read records in parts, build the site, replace it whole."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

import click

from bench.app.board import plan_of
from bench.app.site_records import Gathered, gather
from bench.errors import IsobudgetError
from bench.suite import list_suites, load_suite
from leaderboard.site import Source, build_site, chooser
from leaderboard.site.slugs import slug

__all__ = ["check_site", "site_command", "site_files", "write_site"]

MARK = "isobudget-site.txt"
"""A folder with this file is a site of ours, and may be replaced by one."""

SUMS = "SHA256SUMS"
"""What to compare a site with that was built elsewhere: `results/` holds those of the published entries."""

_MARK_TEXT = (
    b"A site built by `isobudget leaderboard --out`. A folder that holds this file may be replaced whole.\n"
)

Files = Iterator[tuple[str, bytes]]


def site_command(results: Path, out: Path | None, check: bool) -> None:
    """Build or check the site, and print the outcome; exit code 1 where the check finds a difference."""
    if out is None:
        raise IsobudgetError("--check needs --out DIR: the folder whose site is to be compared")
    if not check:
        click.echo(write_site(results, out))
        return
    if difference := check_site(results, out):
        click.echo(
            f"isobudget: {difference}; build it again: isobudget leaderboard {results} --out {out}", err=True
        )
        raise click.exceptions.Exit(1)
    click.echo(f"site: {out} is what {results} give, byte for byte")


def write_site(results: Path, out: Path) -> str:
    """Build the site of RESULTS in OUT and say where it is. IsobudgetError where OUT holds something else."""
    _may_replace(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.", suffix=".part"))
    try:
        building.chmod(0o755)
        many = size = 0
        for path, content in site_files(results):
            target = building / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            many, size = many + 1, size + len(content)
        _swap(building, out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return f"site: {out / 'index.html'} ({many} files, {size / 1e6:.1f} MB)"


def check_site(results: Path, out: Path) -> str | None:
    """What differs first between OUT and what RESULTS give now; None where every byte is the same."""
    expected: set[str] = set()
    for path, content in site_files(results):
        expected.add(path)
        there = out / path
        if not there.is_file():
            return f"{there} is missing"
        if difference := _difference(there.read_bytes(), content):
            return f"{there} differs {difference}"
    found = (path for path in sorted(out.rglob("*")) if path.is_file())
    return next((f"{p} is not of this site" for p in found if p.relative_to(out).as_posix() not in expected), None)


def site_files(results: Path) -> Files:
    """Path and content of every file, and last the sums of them all, as `sha256sum -c` reads them."""
    sums = {}
    for path, content in _pages(results):
        sums[path] = hashlib.sha256(content).hexdigest()
        yield path, content
    yield SUMS, "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items())).encode()


def _pages(results: Path) -> Files:
    """Several suites get a folder each, and a first page to choose from."""
    with _progress("reading records") as told:
        suites = gather(results, told)
    for error in [error for found in suites for error in found.broken]:
        click.echo(f"isobudget: left out: {error}", err=True)
    yield MARK, _MARK_TEXT
    alone = len(suites) == 1
    for found in suites:
        prefix = "" if alone else f"{slug(found.suite)}/"
        with _progress(f"building suite {found.suite}") as told:
            for at, (path, content) in enumerate(build_site(source_of(found)), 1):
                told(at, 0)
                yield f"{prefix}{path}", content
    if not alone:
        yield from chooser([(slug(found.suite), found.suite) for found in suites])


def source_of(found: Gathered) -> Source:
    """The site's view of a suite's records, with the plan that the suite fixed."""
    known = found.suite in list_suites()
    return Source(
        suite=found.suite,
        title=load_suite(found.suite).title if known else "a suite of this folder's own",
        runs=found.runs,
        questions=found.questions,
        plan=plan_of(found.suite, str(found.runs["plan"].iloc[0]), None, found.runs),
        graphs=found.graphs,
        digest=found.digest,
        badges=found.badges,
        cards=found.cards,
        software=found.software,
        files=found.files,
        broken=found.broken,
    )


def _may_replace(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise IsobudgetError(f"{out} is no folder: give --out a folder that is empty, new, or a site of ours")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise IsobudgetError(
            f"{out} holds something else than a site (no {MARK}): nothing was written; give another"
        )


def _swap(building: Path, out: Path) -> None:
    """Put the finished folder in the other's place; what was there goes last."""
    if not out.exists():
        building.replace(out)
        return
    old = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.", suffix=".old"))
    out.replace(old)
    try:
        building.replace(out)
    except OSError:
        old.replace(out)
        raise
    shutil.rmtree(old)


def _difference(there: bytes, content: bytes) -> str:
    if there == content:
        return ""
    for number, (a, b) in enumerate(zip_longest(there.split(b"\n"), content.split(b"\n")), 1):
        if a != b:
            return f"from line {number} on ({len(there)} bytes there, {len(content)} now)"
    return f"({len(there)} bytes there, {len(content)} now)"


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A line on standard error that counts: overwritten on a terminal, said once elsewhere."""
    shown = sys.stderr.isatty()
    if not shown:
        click.echo(f"{what} …", err=True)

    def tell(done: int, total: int) -> None:
        if shown:
            click.echo(f"\r\x1b[K{what}: {done}{f' of {total}' if total else ''}", err=True, nl=False)

    yield tell
    if shown:
        click.echo("\r\x1b[K", err=True, nl=False)
