"""Options that several commands share."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["debug_option", "outside_options"]

debug_option = click.option("--debug", is_flag=True, help="Show a traceback when something fails.")


def outside_options(command: Any) -> Any:
    """The options of methods in other processes (docs/method-protocol.md)."""
    options = (
        click.option(
            "--method-cmd", "commands", multiple=True, metavar="CMD", help="A method in any language: a command."
        ),
        click.option(
            "--method-name", "names", multiple=True, metavar="NAME[a=b]", help="What to call it, in their order."
        ),
        click.option("--sandbox-methods", "sandbox", is_flag=True, help="Run every method jailed (bubblewrap)."),
    )
    for option in reversed(options):
        command = option(command)
    return command
