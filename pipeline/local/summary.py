"""The file summary.json: the results of a run, for people and scripts."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.dag.node_ids import BEST_HYPERPARAMETERS, LATEST_BLESSED_MODEL, PREPARED_EXAMPLES
from pipeline.local.root import SUMMARY

if TYPE_CHECKING:
    from pipeline.local.metadata import NodeResult

# importer -> name of its artifact in summary.json
_IMPORTED = {PREPARED_EXAMPLES: "examples", BEST_HYPERPARAMETERS: "best_hyperparameters"}


@dataclasses.dataclass
class Summary:
    """The results of a run, as its listener collects them.

    state: running, done, failed or interrupted.
    """

    name: str
    log: str
    state: str = "running"
    error: str = ""
    nodes: dict[str, NodeResult] = dataclasses.field(default_factory=dict)

    def plan(self, nodes: list[str]) -> None:
        pass

    def start(self, node: str) -> None:
        pass

    def end(self, node: str, result: NodeResult) -> None:
        self.nodes[node] = result

    def to_dict(self) -> dict[str, Any]:
        artifacts = self._artifacts()
        evaluation = artifacts.get("evaluation", "")
        metrics = _read(evaluation, "metrics.json").get("candidate", {})
        blessing = _read(evaluation, "blessing.json")
        return {
            "name": self.name,
            "state": self.state,
            "error": self.error,
            "nodes": {
                name: {
                    "state": node.state,
                    "seconds": round(node.seconds, 3),
                    "cached": node.cached,
                }
                for name, node in self.nodes.items()
            },
            "artifacts": artifacts,
            "metrics": metrics,
            "blessing": {
                "blessed": bool(blessing.get("blessed", False)),
                "reasons": blessing.get("reasons", []),
            },
            "log": self.log,
        }

    def write(self, root: Path) -> dict[str, Any]:
        """Replaces <root>/summary.json, never leaving half of it."""
        content = self.to_dict()
        root.mkdir(parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(prefix=".summary-", dir=root)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, root / SUMMARY)
        return content

    def _artifacts(self) -> dict[str, str]:
        """Returns URIs by name; of a pushed model the place that it is served from."""
        artifacts: dict[str, str] = {}
        for name, node in self.nodes.items():
            if name == LATEST_BLESSED_MODEL or node.state == "failed":
                continue
            for output, uri in node.outputs.items():
                if output == "pushed_model":
                    uri = str(node.properties[output].get("pushed_destination", ""))
                if uri:
                    artifacts[_IMPORTED.get(name, output)] = uri
        return artifacts


def _read(directory: str, name: str) -> dict[str, Any]:
    path = os.path.join(directory, name)
    if not directory or not os.path.isfile(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)
