"""One `latentforge compile`: the two files, and the words on the screen."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import click
import yaml

from data_prep.config_base import require
from pipeline.config.pipeline import PipelineConfig
from pipeline.logs import quiet_libraries


def compile_session(config: PipelineConfig, output: Path) -> None:
    """Writes `output` (Vertex AI) and its neighbour .yaml (Kubeflow Pipelines)."""
    require(output.suffix == ".json", "--output", str(output), "a file that ends in .json")
    require(output.parent.is_dir(), "--output", str(output), "a file in a directory that exists")
    with quiet_libraries():
        from pipeline.cluster.compile import compile_config

        compiled = compile_config(config)
    _replace(output, json.dumps(compiled.vertex, indent=2, sort_keys=True) + "\n")
    click.echo(f"Vertex AI   {output}")
    beside = output.with_suffix(".yaml")
    if compiled.kubeflow is None:
        beside.unlink(missing_ok=True)  # an older one would be of another graph
        click.echo(f"Kubeflow    none: {compiled.why_not}")
    else:
        documents = [document for document in compiled.kubeflow if document]
        _replace(beside, yaml.safe_dump_all(documents, sort_keys=True))
        click.echo(f"Kubeflow    {beside}")
    click.echo("parameters of a run")
    definitions = compiled.vertex["pipelineSpec"]["root"]["inputDefinitions"]["parameters"]
    for name, definition in sorted(definitions.items()):
        click.echo(f"  {name}={definition['defaultValue']}  {definition['description']}")


def _replace(path: Path, text: str) -> None:
    """Never leaves half a file."""
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(unfinished, 0o644)
    os.replace(unfinished, path)
