"""A target of a test's own, compiled through the command line."""

import json

import pytest
from click.testing import CliRunner

from pipeline.cli.main import main
from pipeline.cluster.targets.base import Target
from pipeline.cluster.targets.registry import TARGETS, register


class NodeList(Target):
    """Writes the names of the nodes, one a line."""

    name, title, suffix = "nodes", "Nodes", ".txt"

    def compile(self, graph):
        spec = graph.compile(resources=lambda node: {}, compare=False)["pipelineSpec"]
        return [{"nodes": sorted(spec["components"])}]

    def dump(self, documents):
        return "\n".join(documents[0]["nodes"]) + "\n"


@pytest.fixture
def toy(monkeypatch):
    for name, target in list(TARGETS.items()):
        monkeypatch.setitem(TARGETS, name, target)  # restores the registry afterwards
    yield register(NodeList())
    del TARGETS["nodes"]


def test_a_registered_target_is_compiled_with_the_others(toy, tmp_path):
    command = ["compile", "sample", "--output", str(tmp_path / "p.json")]
    done = CliRunner().invoke(main, [*command, "--set", f"cluster.root={tmp_path}/lf"])
    assert done.exit_code == 0, done.output
    assert f"Nodes       {tmp_path}/p.txt" in done.stdout.splitlines()
    nodes = (tmp_path / "p.txt").read_text().splitlines()
    assert {"ExamplePreparation", "Trainer", "LatentEvaluator", "Pusher"} <= set(nodes)
    spec = json.loads((tmp_path / "p.json").read_text())["pipelineSpec"]
    assert set(nodes) <= set(spec["components"]) and (tmp_path / "p.yaml").is_file()


def test_the_targets_of_the_project_in_the_order_of_their_files():
    assert [(name, target.suffix) for name, target in TARGETS.items()] == [
        ("vertex", ".json"),
        ("kubeflow", ".yaml"),
    ]
