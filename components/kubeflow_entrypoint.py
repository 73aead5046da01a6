"""The container command on open-source Kubeflow Pipelines: TFX's, once the inputs have types.

Kubeflow's driver hands over input artifacts without the types that Vertex AI's gives them
(backend/src/v2/metadata, toRuntimeArtifact), and TFX cannot read an artifact without one. They
stand in the component's own interface, which is an argument of the command.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

INVOCATION = "--json_serialized_invocation_args"
INTERFACE = "--json_serialized_inputs_spec_args"


def with_types(argv: Sequence[str]) -> list[str]:
    """Returns the arguments with each input artifact's type filled in from the interface."""
    argv = list(argv)
    invocation = argv.index(INVOCATION) + 1
    interface = json.loads(argv[argv.index(INTERFACE) + 1])
    executor_input = json.loads(argv[invocation])
    inputs = executor_input.get("inputs", {}).get("artifacts", {})
    for name, spec in interface.get("artifacts", {}).items():
        for artifact in inputs.get(name, {}).get("artifacts", []):
            if not any(artifact.get("type", {}).values()):
                artifact["type"] = spec["artifactType"]
    argv[invocation] = json.dumps(executor_input)
    return argv


def main() -> None:
    """Runs TFX's container command on the completed arguments."""
    from absl import app
    from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor as stock

    argv = with_types(sys.argv)
    app.run(stock.main, argv=argv, flags_parser=stock._parse_flags)


if __name__ == "__main__":
    main()
