"""ExampleValidator that stops the run on an anomaly instead of only recording it."""

from __future__ import annotations

import os
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.components import ExampleValidator
from tfx.components.example_validator import executor as stock
from tfx.dsl.components.base import executor_spec
from tfx.proto.orchestration import execution_result_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils

from components.artifacts import Artifacts
from data_prep.errors import InputError

MAX_NAMED = 5


class Executor(stock.Executor):
    """Validates as TFX does, then raises InputError if there was anything to report."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> execution_result_pb2.ExecutorOutput:
        output = super().Do(input_dict, output_dict, exec_properties)
        anomalies = output_dict[standard_component_specs.ANOMALIES_KEY]
        anomalous: list[str] = []
        for split in artifact_utils.decode_split_names(anomalies[0].split_names):
            path = os.path.join(
                artifact_utils.get_split_uri(anomalies, split), stock.DEFAULT_FILE_NAME
            )
            message = anomalies_pb2.Anomalies.FromString(io_utils.read_bytes_file(path))
            anomalous.extend(f"split {split}: {words}" for words in describe(message))
        if anomalous:
            more = len(anomalous) - MAX_NAMED
            tail = f"; and {more} more" if more > 0 else ""
            raise InputError(
                "data does not match its schema: " + "; ".join(anomalous[:MAX_NAMED]) + tail
            )
        return output


def describe(anomalies: anomalies_pb2.Anomalies) -> list[str]:
    """Returns a line "feature X: what is wrong" for each reason, sorted by feature."""
    words = [
        f"feature {name}: {reason.short_description.rstrip('.')} "
        f"({' '.join(reason.description.split()).rstrip('.')})"
        for name, info in sorted(anomalies.anomaly_info.items())
        for reason in info.reason
    ]
    words.extend(
        f"the data set: {' '.join(reason.description.split()).rstrip('.')}"
        for reason in anomalies.dataset_anomaly_info.reason
    )
    return words


class StrictExampleValidator(ExampleValidator):
    """ExampleValidator whose node fails where the statistics break the schema."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
