"""The verb `compile`: a file for each target, and the parameters of a run on the screen."""

from __future__ import annotations

from pathlib import Path

import click

from data_prep.config_base import require
from pipeline.cluster.compiled_spec import definitions
from pipeline.cluster.targets.base import Documents, NotCompiledError
from pipeline.cluster.targets.registry import TARGETS
from pipeline.config.pipeline import PipelineConfig, load_config
from pipeline.local.summary import replace_file
from pipeline.logs import quiet_libraries


@click.command("compile")
@click.argument("config")
@click.option(
    "--output", type=click.Path(path_type=Path), required=True, metavar="FILE.json",
    help="For Vertex AI; the form for Kubeflow Pipelines lies beside it, as .yaml.",
)  # fmt: skip
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY.SUB=VALUE",
    help="Override a value of the config; repeatable. The section is `cluster`.",
)  # fmt: skip
def compile_command(config: str, output: Path, overrides: tuple[str, ...]) -> None:
    """Write the graph of CONFIG as a pipeline spec for Vertex AI and Kubeflow."""
    require(output.suffix == ".json", "--output", str(output), "a file that ends in .json")
    require(output.parent.is_dir(), "--output", str(output), "a file in a directory that exists")
    loaded = load_config(config, overrides)
    for warning in loaded.cluster.warnings():
        click.echo(f"warning: {warning}", err=True)
    with quiet_libraries():
        compiled = compile_config(loaded)
    for name, target in TARGETS.items():
        path, documents = output.with_suffix(target.suffix), compiled[name]
        if isinstance(documents, NotCompiledError):
            path.unlink(missing_ok=True)  # an older one would be of another graph
            click.echo(f"{target.title:<12}none: {documents}")
        else:
            replace_file(path, target.dump(documents))
            click.echo(f"{target.title:<12}{path}")
    click.echo("parameters of a run")
    specs = (TARGETS[name].spec(docs) for name, docs in compiled.items() if isinstance(docs, list))
    for name, definition in sorted(definitions(next(specs)).items()):
        click.echo(f"  {name}={definition['defaultValue']}  {definition['description']}")


def compile_config(config: PipelineConfig) -> dict[str, Documents | NotCompiledError]:
    """Returns the documents of each target by its name, or the reason why it has none."""
    from pipeline.cluster.compile import GraphCompiler

    graph = GraphCompiler(config)
    compiled: dict[str, Documents | NotCompiledError] = {}
    for name, target in TARGETS.items():
        try:
            compiled[name] = target.compile(graph)
        except NotCompiledError as reason:
            compiled[name] = reason
    return compiled
