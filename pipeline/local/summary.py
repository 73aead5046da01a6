"""The root of a run, where it leaves everything, and the results in it, summary.json."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from pipeline.dag.node_ids import BEST_HYPERPARAMETERS, LATEST_BLESSED_MODEL, PREPARED_EXAMPLES

RUNS = Path("runs")  # the directory of the roots of commands that name none
SUMMARY = "summary.json"
METADATA = "metadata.sqlite"
# importer -> name of its artifact in summary.json
_IMPORTED = {PREPARED_EXAMPLES: "examples", BEST_HYPERPARAMETERS: "best_hyperparameters"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeResult:
    """The result of a node, with URIs and custom properties of its output artifacts by name."""

    state: str  # done, cached, failed or skipped; a resolver is never cached
    seconds: float
    error: str = ""
    outputs: dict[str, str] = dataclasses.field(default_factory=dict)
    properties: dict[str, dict[str, str | int]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Summary:
    """The results of a run. state: running, done, failed or interrupted."""

    name: str
    log: str
    state: str = "running"
    error: str = ""
    nodes: dict[str, NodeResult] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        artifacts = self._artifacts()
        evaluation = artifacts.get("evaluation", "")
        blessing = _read(evaluation, "blessing.json")
        return {
            "name": self.name,
            "state": self.state,
            "error": self.error,
            "nodes": {
                name: {
                    "state": node.state,
                    "seconds": round(node.seconds, 3),
                    "cached": node.state == "cached",
                }
                for name, node in self.nodes.items()
            },
            "artifacts": artifacts,
            "metrics": _read(evaluation, "metrics.json").get("candidate", {}),
            "blessing": {
                "blessed": bool(blessing.get("blessed", False)),
                "reasons": blessing.get("reasons", []),
            },
            "log": self.log,
        }

    def write(self, root: Path) -> dict[str, Any]:
        """Replaces <root>/summary.json."""
        content = self.to_dict()
        root.mkdir(parents=True, exist_ok=True)
        replace_file(root / SUMMARY, json.dumps(content, indent=2) + "\n")
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


def newest_root() -> Path | None:
    """Returns the root below `RUNS` whose summary is the newest; None where there is none."""
    summaries = sorted(RUNS.glob(f"*/{SUMMARY}"), key=lambda path: path.stat().st_mtime)
    return summaries[-1].parent if summaries else None


def replace_file(path: Path, text: str) -> None:
    """Writes a file that appears whole or not at all."""
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(unfinished, 0o644)
    os.replace(unfinished, path)


def _read(directory: str, name: str) -> dict[str, Any]:
    path = Path(directory, name)
    return json.loads(path.read_text(encoding="utf-8")) if directory and path.is_file() else {}
