"""The Beam runner of a preparation: local processes, or the one that Beam's options name."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from data_prep.errors import InputError


def make_pipeline(workers: int, beam_args: Sequence[str]) -> beam.Pipeline:
    """Returns an empty pipeline on the runner that `beam_args` name, else on local processes.

    Raises:
      InputError: for options that Beam cannot read, or workers beside a runner.
    """
    args = list(beam_args)
    _refuse_misspelled(args)
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):  # argparse prints and exits
            runner: Any = PipelineOptions(args).view_as(StandardOptions).runner
            if runner is None:
                mode = "in_memory" if workers == 1 else "multi_processing"
                args += [f"--direct_num_workers={workers}", f"--direct_running_mode={mode}"]
                # By name: Beam's DirectRunner would first try to download another runner.
                runner = FnApiRunner()
            elif workers > 1:
                raise InputError(
                    f"workers: got {workers}, allowed: nothing beside --runner, whose own options "
                    "say how many"
                )
            options = PipelineOptions(args)
            options.get_all_options()  # now, not when half the work is done
            return beam.Pipeline(runner=runner, options=options)
    except (ValueError, SystemExit) as error:
        lines = (complaint.getvalue() or str(error)).strip().splitlines()
        reason = lines[-1].partition("error: ")[2] or lines[0]
        raise InputError(f"Beam options {' '.join(beam_args)}: {reason}") from None


def _refuse_misspelled(args: Sequence[str]) -> None:
    """Refuses near misses of Beam's options, which Beam would drop as a runner's own."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for group in PipelineOptions.__subclasses__():
        with contextlib.suppress(argparse.ArgumentError):  # two groups may share an option
            group._add_argparse_args(parser)
    names = [name for action in parser._actions for name in action.option_strings]
    for arg in args:
        name = arg.partition("=")[0]
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.85)
        if name.startswith("--") and name not in names and close:
            raise InputError(f"Beam options: got {name}, which Beam does not know; {close[0]}?")
