"""The command line: parses, calls one function, prints. Heavy imports wait until a command needs them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from bench.app.options import debug_option, outside_options
from bench.app.seasons import season
from bench.app.submissions import submit

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy loads: results must not depend on the thread count

FORMATS = ("table", "csv", "json", "md", "latex")
KINDS = ("methods", "tasks", "worlds", "suites", "pools", "protocols")


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


@main.command()
@click.argument("suite")
@click.option("-m", "--method", "methods", multiple=True, metavar="NAME[a=b]", help="Only these; or a file.py.")
@outside_options
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
@click.option("--blind", is_flag=True, help="Methods get seeds that tell nothing, and in P0 models without names.")
@click.option("--space", type=click.Choice(["standard", "paper", "open"]), help="Which graphs are allowed.")
@click.option("--pool", metavar="POOL", help="Model pool: a name or a TOML file.")
@click.option(
    "--world",
    metavar="WORLD",
    help="simulated, vllm, openai, served (the simulated models over HTTP), or replay (with --tape).",
)
@click.option("--universe", metavar="U", help="Universe of the simulated world.")
@click.option("--tape", type=click.Path(path_type=Path), help="Tape of world replay (docs/tapes.md).")
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
@click.option(
    "--shard", metavar="i/n", help="Only every n-th place (a task in a world with a seed), with all its runs."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the records [runs/SUITE].")
@click.option("--dry-run", is_flag=True, help="Print what would run and what it would cost.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="Of tables."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
@debug_option
def run(suite: str, debug: bool, **options: Any) -> None:
    """Run a SUITE (or the part of it that options name) and print its leaderboard.

    The same command again resumes what was interrupted, or says that there is nothing to do.
    """
    from bench.app.running import run_command

    run_command(suite, **options)


@main.command()
@click.argument("suite", required=False)
@click.option(
    "--import", "answers", type=click.Path(path_type=Path), help="Published results: a CSV or Parquet file."
)
@click.option("--greedy", is_flag=True, help="Of --import: repeated calls give the same answer again.")
@debug_option
def record(suite: str | None, answers: Path | None, greedy: bool, debug: bool, **options: Any) -> None:
    """Run a SUITE in a live world and keep every node call on a tape; or make a tape of published results.

    \b
    isobudget record real --base-url URL --tape FILE    a recorded run; --world replay repeats it with no model
    isobudget record --import CSV -t TASK --tape FILE   real answers of public models (docs/tapes.md)

    The same command again resumes.
    """
    from bench.app.taping import import_command, record_command

    if answers is not None:
        click.echo(import_command(answers, options["tape"], options["tasks"], greedy))
    else:
        record_command(suite, **options)


record.params += [option for option in run.params if option.name not in {own.name for own in record.params}]


@main.command()
@click.argument("tapes", nargs=-1, required=True, metavar="TAPE...", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The merged tape.")
@debug_option
def merge(tapes: tuple[Path, ...], output: Path, debug: bool) -> None:
    """Merge TAPEs of one world. Calls on several must say the same; an error names the first that does not."""
    from bench.app.taping import merge_command

    click.echo(merge_command(tapes, output))


@main.command()
@click.argument("tape", type=click.Path(path_type=Path))
@click.option("--pool", metavar="POOL", help="Models to fit: a pool's name or file [the tape's].")
@click.option(
    "--universe", default="main", show_default=True, help="Whose figures stand where the tape is silent."
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of real questions (else the hub).")
@click.option("--unsafe-local-exec", is_flag=True, help="Grade code without a sandbox.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder of what is fitted.")
@debug_option
def calibrate(tape: Path, debug: bool, **options: Any) -> None:
    """Fit the simulated world to a TAPE; write a universe, a pool and a report on graphs held out from the fit."""
    from bench.app.calibrating import calibrate_command

    click.echo(calibrate_command(tape, **options))


@main.command()
@click.argument("suite")
@click.option("--tape", required=True, type=click.Path(path_type=Path), help="Tape on which SUITE was recorded.")
@click.option("-m", "--method", "methods", multiple=True, metavar="NAME[a=b]", help="Only these methods.")
@click.option("-t", "--task", "tasks", multiple=True, metavar="TASK", help="Only these tasks.")
@click.option("--seed", "seeds", metavar="SEEDS", help="Only these seeds: 0, 0-9 or 0,3.")
@click.option("--budget", metavar="B", help="Inference budget that was recorded.")
@click.option("--search", metavar="S", help="Search budget that was recorded.")
@click.option("--pool", metavar="POOL", help="Models to fit: a pool's name or file [the tape's].")
@click.option("--universe", metavar="U", help="Whose figures stand where the tape is silent [main].")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of real questions (else the hub).")
@click.option("--unsafe-local-exec", is_flag=True, help="Grade code without a sandbox.")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder of records and report."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@debug_option
def fidelity(suite: str, debug: bool, **options: Any) -> None:
    """Say whether the simulated board of SUITE can be believed: replayed against simulated, fitted to half a tape.

    For graphs held out from the fit: correlation. For methods, over the pairs separated in both worlds: how many
    differences have the same sign, and the slope. The figures go into the fitted pool's file.
    """
    from bench.app.fidelity import fidelity_command

    click.echo(fidelity_command(suite, **options))


@main.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="Of tables."
)
@click.option("--wide", is_flag=True, help="All columns, and the tables behind the ranks.")
@click.option("--variant", multiple=True, metavar="V", help="Only these variants of a suite.")
@click.option("--stratum", multiple=True, metavar="S", help="Only these strata: headroom, trap, raw.")
@click.option("--search", multiple=True, metavar="S", help="Only these search budgets, such as 120ex.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file instead.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Build the static site in this folder."
)
@click.option(
    "--check", is_flag=True, help="Compare the site in DIR with what RESULTS give; exit 1 if it differs."
)
@debug_option
def leaderboard(
    results: Path,
    form: str,
    wide: bool,
    output: Path | None,
    out: Path | None,
    check: bool,
    debug: bool,
    **only: tuple[str, ...],
) -> None:
    """Rank the records in RESULTS, a folder or a file; with --out as a site that opens from disk."""
    if out is not None or check:
        from bench.app.site import site_command

        site_command(results, out, check)
        return
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
@debug_option
def list_(kind: str, form: str, debug: bool) -> None:
    """List what there is: methods, tasks, worlds, suites, pools or protocols."""
    from bench.app.catalog import catalog

    click.echo(catalog(kind, form))


@main.command()
@click.argument("run_file", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Every evaluation, not only the first and last.")
@debug_option
def show(run_file: Path, everything: bool, debug: bool) -> None:
    """Tell the story of one RUN, a record file: evaluations, charges, the recommended graph."""
    from bench.app.story import story

    click.echo(story(run_file, everything))


@main.command()
@click.argument("methods", nargs=-1, metavar="[METHOD|FILE]...")
@click.option("--all", "everything", is_flag=True, help="Every registered method.")
@outside_options
@debug_option
def test(methods: tuple[str, ...], everything: bool, debug: bool, **outside: Any) -> None:
    """Check that a METHOD keeps the contract: feasible, within budget, deterministic, always recommends."""
    from bench.app.conformance import conformance
    from bench.app.outside import added

    with added(**outside) as commands:
        text, passed = conformance([*methods, *commands], everything)
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
@debug_option
def serve(debug: bool, **options: Any) -> None:
    """Serve the simulated models behind an OpenAI-compatible API, with faults on request."""
    from bench.app.serving import serve_command

    serve_command(**options)


@main.command()
@click.argument("protocol")
@click.option("-m", "--method", "methods", multiple=True, metavar="NAME[a=b]", help="Compare these methods.")
@click.option("-t", "--task", "tasks", multiple=True, metavar="TASK", help="On these tasks.")
@click.option("--seeds", type=click.IntRange(1), help="Runs of each method on each task.")
@click.option("--items", type=click.IntRange(0), help="Test questions a task; 0 with exact accuracies.")
@click.option("--search", metavar="S", help="Search budget with its unit: 30ex, 3000ex, 50kunits.")
@click.option("--questions", type=click.IntRange(1), help="Questions of one evaluation.")
@click.option("--selection", type=click.Choice(["own", "shared"]), help="Who picks the recommended graph.")
@click.option("--budget", metavar="B", help="Inference budget: small, medium, large, or units such as 18units.")
@click.option("--universe", metavar="U", help="Universe of the simulated world.")
@click.option("--analysis", metavar="A", help="Test of a difference, such as crossed, mcnemar, two-proportions.")
@click.option("--correction", type=click.Choice(["none", "holm"]), help="Over the comparisons with the reference.")
@click.option("--reference", metavar="NAME", help="The method that the others are compared with.")
@click.option("--bank", type=click.IntRange(2), help="Real runs of each method and task to draw from.")
@click.option("--replications", default=2000, show_default=True, type=click.IntRange(2), help="Experiments a row.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Processes; default: one a core.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the bank [runs/audit-…].")
@click.option("--dry-run", is_flag=True, help="Print what would run and what it would cost.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="Of the table."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
@debug_option
def audit(protocol: str, debug: bool, **options: Any) -> None:
    """Say what a comparison PROTOCOL (a name or a TOML file) can and cannot see.

    Its false winners, its power, and its errors in ranking real methods, counted in the simulated world.
    What there is: isobudget list protocols.
    """
    from bench.app.audit import audit_command

    audit_command(protocol, **options)


main.add_command(season)
main.add_command(submit)


if __name__ == "__main__":
    main()
