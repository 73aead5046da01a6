"""A source that a test file adds works everywhere without a line of the product."""

import struct

import numpy as np
import pytest
from click.testing import CliRunner
from tensorflow_metadata.proto.v0 import schema_pb2

from components.schema_import.schema import make_schema
from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.features import ImageSpec
from data_prep.job.prepare import prepare
from data_prep.records.arrow import binary_parts, large_binary
from data_prep.records.read import read_examples
from data_prep.source_registry import (
    Option,
    Source,
    register_source,
    source_names,
    sources,
    unregister_source,
)
from data_prep.sources.base import Chunk, DecodedBatch, Reader, RecordBlock, image_columns
from pipeline.cli.main import main
from pipeline.config.pipeline import PipelineConfig, load_config, parse
from pipeline.dag.example_nodes import data_shape
from pipeline.dag.raw_inputs import raw_inputs
from trainer.config import ImageShape

SIZE = 16


class ToyReader(Reader):
    """Files of numbered gray images: a byte of gray, then a byte that is its `mood`."""

    extras = ("mood",)

    def __init__(self, config):
        self.shares = config.splits
        self.image = ImageSpec(config.image_size, config.image_size, 1, "none")

    def estimate(self, files):
        return sum(file.size for file in files) / 2

    def chunks(self, files, group):
        yield Chunk(files, group, 0, 0, files[0].size)

    def read(self, chunk, side):
        with open(chunk.file.path, "rb") as stream:
            pairs = [*struct.iter_unpack("2B", stream.read())]
        keys = [f"{chunk.file.stem}/{i}".encode() for i in range(len(pairs))]
        labels = [chunk.file.stem.encode()] * len(pairs)
        payloads = large_binary([bytes(pair) for pair in pairs])
        yield RecordBlock(large_binary(keys), large_binary(labels), payloads, [])

    def decode(self, payloads):
        data, _ = binary_parts(payloads)
        pairs = data.reshape(-1, 2)
        images = np.empty((len(pairs), self.image.height, self.image.width), np.uint8)
        images[:] = pairs[:, 0, None, None]
        return DecodedBatch(
            {"mood": pairs[:, 1].astype(np.int64), **image_columns(images, self.image)}
        )


@pytest.fixture
def toy():
    @register_source("toy")
    class Toy(Source):
        """Toys for a test."""

        input_help = "some .toy files"
        options = (
            Option(name="image_size", default=SIZE, show_default=True),
            Option(name="words", flag="--toys", metavar="A,B,…", help="Only these toys."),
        )
        extensions = (".toy",)
        label_from = "file"
        channels = 1
        extras = {"mood": int}  # noqa: RUF012

        def reader(self, config, files):
            return ToyReader(config)

    yield Toy
    unregister_source("toy")


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "bear.toy").write_bytes(bytes(range(60)))
    (folder / "car.toy").write_bytes(bytes(range(100, 140)))
    return folder


def contents(directory, manifest):
    rows = [
        row
        for split in ("train", "eval", "test")
        for row in read_examples(directory, manifest.shards, split)
    ]
    return {row["key"][0]: (row["image"][0], row["mood"][0], row["label"][0]) for row in rows}


def test_a_source_of_a_test_file_is_prepared(toy, files, tmp_path):
    config = PrepConfig(source="toy", image_size=SIZE)
    manifest = prepare(config, [str(files)], str(tmp_path / "out"))
    assert manifest.counts["by_label"] == {"bear": 30, "car": 20}
    assert manifest.extras == ("mood",)
    rows = contents(str(tmp_path / "out"), manifest)
    assert len(rows) == 50
    assert rows[b"car/3"] == (bytes([106]) * SIZE * SIZE, 107, b"car")


def test_the_command_line_takes_its_options(toy, files, tmp_path):
    run = CliRunner().invoke
    shown = run(main, ["prep", "toy", "--help"]).output
    assert "Toys for a test." in shown and "some .toy files; repeatable." in shown
    assert "--image-size INTEGER" in shown and "[default: 16]" in shown
    assert "--crop" not in shown
    assert "toy" in run(main, ["prep", "--help"]).output
    out = tmp_path / "out"
    args = ["prep", "toy", "--input", f"{files}/*.toy", "--output", str(out), "--toys", "car"]
    result = run(main, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "20 images of 16x16 written" in result.output
    refused = run(main, [*args, "--image-size", "3"])
    assert refused.exit_code == 2 and "image_size: got 3, allowed: a side of 8" in refused.output


def test_a_pipeline_config_takes_it(toy, files, tmp_path):
    path = tmp_path / "toys.yaml"
    path.write_text(f"data: {{source: toy, input: ['{files}'], image_size: 32}}\n")
    config = load_config(str(path))
    assert config.data.image_shape() == ImageShape(height=32, width=32, channels=1)
    inputs, prep = raw_inputs(config.data, tmp_path)
    assert inputs == [f"{files}/*"]
    shape = data_shape(prep, inputs)
    assert (shape.labels, shape.extras) == (None, ("mood",))
    assert shape.image == ImageShape(height=32, width=32, channels=1)
    mood = make_schema(shape).feature[-1]
    assert (mood.name, mood.type) == ("mood", schema_pb2.INT)
    with pytest.raises(InputError, match="the file's name is the label"):
        spans = {"source": "toy", "input": ["gs://b/{SPAN}.toy"]}
        raw_inputs(parse(PipelineConfig, {"name": "x", "data": spans}).data, tmp_path)


def test_a_removed_source_is_gone(files):
    assert "toy" not in sources()
    with pytest.raises(InputError, match="source: got 'toy', allowed: quickdraw, sample, celeba"):
        PrepConfig(source="toy")
    assert CliRunner().invoke(main, ["prep", "toy", "--help"]).exit_code == 2


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="'idx' is registered already"):
        register_source("idx")(Source)


def test_every_option_of_a_source_is_a_field_or_becomes_one():
    fields = PrepConfig.__dataclass_fields__
    for source in sources().values():
        own = {option.name for option in source.options} - fields.keys()
        assert own <= {"gray", "student_number"}, source.name
        assert set(source.lists) <= fields.keys()


def test_names_stand_in_one_place():
    builtin = "quickdraw, sample, celeba, sample_faces, idx, cifar10, image_folder"
    assert ", ".join(source_names()) == builtin
