"""Beam options of the nodes that run on Beam."""

from __future__ import annotations

# By name: Beam's default would first try to download and start a Prism server.
IN_PROCESS = ("--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner",)
