"""The command line: parses, calls one function, prints. Heavy imports wait until a command needs them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy loads: results must not depend on the thread count

FORMATS = ("table", "csv", "json", "md", "latex")
KINDS = ("methods", "tasks", "worlds", "suites", "pools")


class Front(click.Group):
    """A group that turns our errors into one line and exit code 2, and suggests the nearest command."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except KeyboardInterrupt:
            click.echo("\ninterrupted: what is finished is kept; the same command again resumes", err=True)
            ctx.exit(130)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except Exception as error:
            from bench.errors import USER_ERRORS
            from leaderboard.errors import LeaderboardError

            if "--debug" in sys.argv:
                raise
            if isinstance(error, (*USER_ERRORS, LeaderboardError)):
                click.echo(f"isobudget: {error}", err=True)
                ctx.exit(2)
            click.echo(
                f"isobudget: internal error, {type(error).__name__}: {error} (--debug shows where)", err=True
            )
            ctx.exit(1)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0] if args else ""
        if name and self.get_command(ctx, name) is None and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(self.list_commands(ctx))}"
            click.echo(f"isobudget: no command '{name}': {hint}", err=True)
            ctx.exit(2)
        return super().resolve_command(ctx, args)


@click.group(cls=Front, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="isobudget", message="isobudget %(version)s")
def main() -> None:
    """Compare optimizers of multi-LLM graphs under identical, metered budgets.

    \b
    isobudget run quick            every method, three simulated worlds, about a minute
    isobudget leaderboard runs/quick
    isobudget list methods
    """


def _debug(command: Any) -> Any:
    return click.option("--debug", is_flag=True, help="Show a traceback when something fails.")(command)


@main.command()
@click.argument("suite")
@click.option("-m", "--method", "methods", multiple=True, metavar="NAME[a=b]", help="Only these; or a file.py.")
@click.option("-t", "--task", "tasks", multiple=True, metavar="TASK", help="Only these tasks.")
@click.option("--seed", "seeds", metavar="SEEDS", help="Only these seeds (or instances): 0, 0-9 or 0,3.")
@click.option("--variant", "variants", multiple=True, metavar="V", help="Only these variants of the suite.")
@click.option("--budget", metavar="B", help="Inference budget: small, medium, large, or units such as 18units.")
@click.option("--search", metavar="S", help="Search budget with its unit: 3000ex, 50kunits, 2usd, 10min.")
@click.option("--prior", type=click.Choice(["P0", "P1"]), help="Prior data that methods get.")
@click.option("--objective", metavar="O", help="accuracy, joint[=weight] or deadline=SECONDS.")
@click.option(
    "--names", "naming", type=click.Choice(["named", "aliased", "permuted"]), help="Names shown to methods."
)
@click.option("--space", type=click.Choice(["standard", "paper", "open"]), help="Which graphs are allowed.")
@click.option("--pool", metavar="POOL", help="Model pool: a name or a TOML file.")
@click.option("--world", metavar="WORLD", help="simulated, vllm, openai, or served (simulated models over HTTP).")
@click.option("--universe", metavar="U", help="Universe of the simulated world.")
@click.option(
    "--base-url", "base_urls", multiple=True, metavar="[S=]URL", help="Server of the openai world, or one a model."
)
@click.option(
    "--model", "models", multiple=True, metavar="1B=NAME", help="What the server, or vLLM, calls a model."
)
@click.option("--agent-url", metavar="URL", help="Server of the LLM that drives methods with agent=llm.")
@click.option("--agent-model", metavar="NAME", help="What that server calls the LLM.")
@click.option("--agent-key-env", metavar="VAR", help="Environment variable with its key [OPENAI_API_KEY].")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of real questions (else the hub).")
@click.option("--unsafe-local-exec", is_flag=True, help="Grade code without a sandbox.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Processes; default: one a core, one for live worlds.")
@click.option("--shard", metavar="i/n", help="Only every n-th run, starting with the i-th.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the records [runs/SUITE].")
@click.option("--dry-run", is_flag=True, help="Print what would run and what it would cost.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="Of tables."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
@_debug
def run(suite: str, debug: bool, **options: Any) -> None:
    """Run a SUITE (or the part of it that options name) and print its leaderboard.

    The same command again resumes what was interrupted, or says that there is nothing to do.
    """
    from bench.app.running import run_command

    run_command(suite, **options)


@main.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="Of tables."
)
@click.option("--wide", is_flag=True, help="All columns in the terminal.")
@click.option("--variant", multiple=True, metavar="V", help="Only these variants of a suite.")
@click.option("--stratum", multiple=True, metavar="S", help="Only these strata: headroom, trap, raw.")
@click.option("--search", multiple=True, metavar="S", help="Only these search budgets, such as 120ex.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file instead.")
@_debug
def leaderboard(
    results: Path, form: str, wide: bool, output: Path | None, debug: bool, **only: tuple[str, ...]
) -> None:
    """Rank the records in RESULTS, a folder or a file."""
    from bench.app.board import board_text, read_records

    text = board_text(read_records(results), form, wide, only=only)
    if output is None:
        click.echo(text)
    else:
        from bench.app.board import write_text

        write_text(output, text)
        click.echo(f"written to {output}", err=True)


@main.command("list")
@click.argument("kind", type=click.Choice(KINDS))
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="Of tables."
)
@_debug
def list_(kind: str, form: str, debug: bool) -> None:
    """List what there is: methods, tasks, worlds, suites or pools."""
    from bench.app.catalog import catalog

    click.echo(catalog(kind, form))


@main.command()
@click.argument("run_file", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Every evaluation, not only the first and last.")
@_debug
def show(run_file: Path, everything: bool, debug: bool) -> None:
    """Tell the story of one RUN, a record file: evaluations, charges, the recommended graph."""
    from bench.app.story import story

    click.echo(story(run_file, everything))


@main.command()
@click.argument("methods", nargs=-1, metavar="[METHOD|FILE]...")
@click.option("--all", "everything", is_flag=True, help="Every registered method.")
@_debug
def test(methods: tuple[str, ...], everything: bool, debug: bool) -> None:
    """Check that a METHOD keeps the contract: feasible, within budget, deterministic, always recommends."""
    from bench.app.conformance import conformance

    text, passed = conformance(methods, everything)
    click.echo(text)
    if not passed:
        raise click.exceptions.Exit(1)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option("--universe", default="main", show_default=True, help="Universe of the simulated models.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of real questions (else the hub).")
@click.option(
    "--fault-429", type=click.FloatRange(0, 1), default=0.0, help="Share of requests refused as too many."
)
@click.option("--fault-500", type=click.FloatRange(0, 1), default=0.0, help="Share answered with a server error.")
@click.option("--fault-hang", type=click.FloatRange(0, 1), default=0.0, help="Share that never gets an answer.")
@click.option("--fault-drop", type=click.FloatRange(0, 1), default=0.0, help="Share whose connection is dropped.")
@click.option("--fault-truncate", type=click.FloatRange(0, 1), default=0.0, help="Share with half a JSON reply.")
@click.option("--unsafe-local-exec", is_flag=True, help="Check code mutations without a sandbox.")
@_debug
def serve(debug: bool, **options: Any) -> None:
    """Serve the simulated models behind an OpenAI-compatible API, with faults on request."""
    from bench.app.serving import serve_command

    serve_command(**options)


@main.group()
def season() -> None:
    """Derive ranked worlds from a value that nobody knew when the entries were frozen (docs/families.md)."""


@season.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[METHOD_FILE]...")
@click.option("--beacon", required=True, help="Where the public value will appear, such as a beacon's round.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The season's file.")
@_debug
def freeze(files: tuple[Path, ...], beacon: str, output: Path, debug: bool) -> None:
    """Write the digests of the entered METHOD_FILEs, before the public value is known."""
    from bench.app.season import freeze as freeze_season

    click.echo(freeze_season(files, beacon, output))


@season.command()
@click.argument("season_file", metavar="SEASON", type=click.Path(path_type=Path))
@click.option("--public", required=True, help="The public value, exactly as it was published.")
@click.option("--most", default=120, show_default=True, help="Draws of a task after which open places stay open.")
@click.option("-j", "--jobs", default=os.cpu_count() or 1, type=click.IntRange(1), help="Processes.")
@_debug
def derive(season_file: Path, public: str, most: int, jobs: int, debug: bool) -> None:
    """Fill a frozen SEASON with its worlds; some minutes, and the same command goes on where it was."""
    from bench.app.season import derive as derive_season

    click.echo(derive_season(season_file, public, most, jobs))


@season.command()
@click.argument("name", metavar="SEASON")
@click.option("--sample", default=3, show_default=True, type=click.IntRange(1), help="How many worlds.")
@_debug
def reproduce(name: str, sample: int, debug: bool) -> None:
    """Derive some worlds of a SEASON (a name or a file) again and compare every figure."""
    from bench.app.season import reproduce as reproduce_season

    text, same = reproduce_season(name, sample)
    click.echo(text)
    if not same:
        raise click.exceptions.Exit(1)


@season.command("show")
@click.argument("name", metavar="SEASON")
@_debug
def show_season(name: str, debug: bool) -> None:
    """Print the strata of a SEASON (a name or a file) and the headroom in them."""
    from bench.app.season import show as season_table

    click.echo(season_table(name))


@season.command()
@click.argument("name", metavar="SEASON")
@click.option("--draws", default=100, show_default=True, type=click.IntRange(1), help="Raw draws of each task.")
@_debug
def evidence(name: str, draws: int, debug: bool) -> None:
    """Weigh the raw draws of a SEASON by published evidence: the family `posterior`."""
    from bench.app.evidence import evidence_table

    click.echo(evidence_table(name, draws))


if __name__ == "__main__":
    main()
