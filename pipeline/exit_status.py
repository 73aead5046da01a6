"""Exit status of the commands: 0 done; 2 the input is wrong, one line; 1 a failure, one line."""

from __future__ import annotations

import os
import tempfile
import traceback
from typing import Any

import click

from data_prep.errors import InputError
from pipeline.failures import one_line


class ExitStatus(click.Command):
    """A command, or a group of them, without tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            descriptor, log = tempfile.mkstemp(prefix="latentforge-", suffix=".log")
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                traceback.print_exc(file=file)
            click.echo(f"error: {one_line(error)} (details: {log})", err=True)
            ctx.exit(1)


class Commands(ExitStatus, click.Group):
    """The verbs of `latentforge`."""
