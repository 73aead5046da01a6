"""StatisticsGen's step in Beam worker processes, under the start-up of the project's image."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

START = Path(__file__).resolve().parents[2] / "kubeflow" / "worker"
# The main process is a node's container, which has `import tfx`; the workers only unpickle.
MAIN = """
import sys, pyarrow as pa, numpy as np, apache_beam as beam
import tfx
import tensorflow_data_validation as tfdv
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from tensorflow_metadata.proto.v0 import statistics_pb2

def table(start):
    column = pa.array([[float(i)] for i in range(start, start + 50)], pa.list_(pa.float32()))
    return pa.RecordBatch.from_arrays([column], ["ink"])

options = beam.options.pipeline_options.PipelineOptions(
    ["--direct_num_workers=2", "--direct_running_mode=multi_processing"])
with beam.Pipeline(runner=FnApiRunner(), options=options) as pipeline:
    (pipeline | beam.Create([0, 50]) | beam.Map(table)
     | tfdv.GenerateStatistics(tfdv.StatsOptions())
     | beam.Map(lambda found: found.SerializeToString())
     | beam.io.WriteToText(sys.argv[1], coder=beam.coders.BytesCoder(), num_shards=1,
                           append_trailing_newlines=False))
(path,) = __import__("glob").glob(sys.argv[1] + "*")
found = statistics_pb2.DatasetFeatureStatisticsList.FromString(open(path, "rb").read())
numbers = found.datasets[0].features[0].num_stats
print("found", found.datasets[0].num_examples, numbers.mean, numbers.max)
"""


def run(tmp_path, code, *arguments, start=True):
    script = tmp_path / "node.py"
    script.write_text(code)
    paths = [str(START)] if start else []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run(
        [sys.executable, str(script), *arguments], env=environment, capture_output=True, text=True
    )


def test_data_validation_loads_without_tfx_under_the_image_s_start_up(tmp_path):
    code = "from tfx_bsl.arrow import sql_util; print(sql_util.__name__)"
    assert run(tmp_path, code).stdout.strip() == "tfx_bsl.arrow.sql_util"
    assert "ImportError" in run(tmp_path, code, start=False).stderr


@pytest.mark.slow
def test_statistics_in_two_worker_processes(tmp_path):
    done = run(tmp_path, MAIN, str(tmp_path / "statistics"))
    assert "found 100 49.5 99.0" in done.stdout, done.stderr[-2000:]
