"""The command `isobudget submit`: parses, calls one function, prints. Heavy imports wait until it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench.app.options import debug_option, outside_options

__all__ = ["submit"]


@click.group()
def submit() -> None:
    """From a method to a published entry: init, pack, validate, verify (docs/submissions.md)."""


@submit.command("init")
@click.argument("name")
@click.option("-o", "--output", default=Path(), type=click.Path(path_type=Path), help="Folder to write into [.].")
@debug_option
def submit_init(name: str, output: Path, debug: bool) -> None:
    """Write a working method file NAME.py and a card to fill in."""
    from bench.app.submit import init

    click.echo(init(name, output))


@submit.command()
@click.argument("runs", type=click.Path(path_type=Path))
@click.option("-m", "--method", metavar="NAME[a=b]", help="The method, as its runs name it.")
@click.option("--card", type=click.Path(path_type=Path), help="Its card.")
@click.option("--all", "everything", is_flag=True, help="Every method that comes with the suite, a folder each.")
@click.option(
    "--pages", default="docs/methods", type=click.Path(path_type=Path), help="Where cards of --all are from."
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder of the entry.")
@debug_option
def pack(
    runs: Path, method: str | None, card: Path | None, everything: bool, pages: Path, output: Path, debug: bool
) -> None:
    """Make an entry out of the records in RUNS, and say what the suite plans beyond them."""
    from bench.app.submit import pack as pack_one
    from bench.app.submit import pack_all

    if everything:
        click.echo(pack_all(runs, output, pages))
    elif method is None or card is None:
        raise click.UsageError("give --method and --card, or --all for the methods that come with the suite")
    else:
        click.echo(pack_one(runs, method, card, output))


@submit.command()
@click.argument("entries", nargs=-1, required=True, type=click.Path(path_type=Path))
@debug_option
def validate(entries: tuple[Path, ...], debug: bool) -> None:
    """Derive everything in ENTRIES again that their files can show; nothing of them is executed."""
    from bench.app.submit import validate as validate_all

    text, good = validate_all(entries)
    click.echo(text)
    if not good:
        raise click.exceptions.Exit(1)


@submit.command()
@click.argument("entry", type=click.Path(path_type=Path))
@click.option("--sample", default=12, show_default=True, type=click.IntRange(0), help="How many runs; 0: all.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Which ones.")
@click.option("-m", "--method", "file", type=click.Path(path_type=Path), help="The method's file; it is executed.")
@outside_options
@click.option("-j", "--jobs", default=1, show_default=True, type=click.IntRange(1), help="Processes.")
@debug_option
def verify(entry: Path, sample: int, seed: int, file: Path | None, jobs: int, debug: bool, **outside: Any) -> None:
    """Repeat a sample of an ENTRY's runs: its proposals, then its method. Writes badge.json."""
    from bench.app.outside import added
    from bench.app.verify import verify as verify_entry

    with added(**outside):
        text, same = verify_entry(entry, sample, seed, file, jobs)
    click.echo(text)
    if not same:
        raise click.exceptions.Exit(1)
