"""The command `isobudget season`: parses, calls one function, prints. Heavy imports wait until it runs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from bench.app.options import debug_option

__all__ = ["season"]


@click.group()
def season() -> None:
    """Derive ranked worlds from a value that nobody knew when the entries were frozen (docs/families.md)."""


@season.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[METHOD_FILE]...")
@click.option("--beacon", required=True, help="Where the public value will appear, such as a beacon's round.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The season's file.")
@debug_option
def freeze(files: tuple[Path, ...], beacon: str, output: Path, debug: bool) -> None:
    """Write the digests of the entered METHOD_FILEs, before the public value is known."""
    from bench.app.season import freeze as freeze_season

    click.echo(freeze_season(files, beacon, output))


@season.command()
@click.argument("season_file", metavar="SEASON", type=click.Path(path_type=Path))
@click.option("--public", required=True, help="The public value, exactly as it was published.")
@click.option("--most", default=120, show_default=True, help="Draws of a task after which open places stay open.")
@click.option("-j", "--jobs", default=os.cpu_count() or 1, type=click.IntRange(1), help="Processes.")
@debug_option
def derive(season_file: Path, public: str, most: int, jobs: int, debug: bool) -> None:
    """Fill a frozen SEASON with its worlds; some minutes, and the same command goes on where it was."""
    from bench.app.season import derive as derive_season

    click.echo(derive_season(season_file, public, most, jobs))


@season.command()
@click.argument("name", metavar="SEASON")
@click.option("--sample", default=3, show_default=True, type=click.IntRange(1), help="How many worlds.")
@debug_option
def reproduce(name: str, sample: int, debug: bool) -> None:
    """Derive some worlds of a SEASON (a name or a file) again and compare every figure."""
    from bench.app.season import reproduce as reproduce_season

    text, same = reproduce_season(name, sample)
    click.echo(text)
    if not same:
        raise click.exceptions.Exit(1)


@season.command("show")
@click.argument("name", metavar="SEASON")
@debug_option
def show_season(name: str, debug: bool) -> None:
    """Print the strata of a SEASON (a name or a file) and the headroom in them."""
    from bench.app.season import show as season_table

    click.echo(season_table(name))


@season.command()
@click.argument("name", metavar="SEASON")
@click.option("--draws", default=100, show_default=True, type=click.IntRange(1), help="Raw draws of each task.")
@debug_option
def evidence(name: str, draws: int, debug: bool) -> None:
    """Weigh the raw draws of a SEASON by published evidence: the family `posterior`."""
    from bench.app.evidence import evidence_table

    click.echo(evidence_table(name, draws))
