import itertools

import numpy as np
import pytest
import tensorflow as tf

from data_prep.errors import InputError
from trainer.config import ImageShape
from trainer.data.dataset import decode_image, load, make_dataset

IN_MEMORY, FROM_SHARDS = 100, 0  # cache_mib


def images_of(dataset, batches=None):
    return [batch["image"].numpy() for batch in itertools.islice(dataset, batches)]


def epochs_of(source, cache_mib, seed, first_epoch, count, batch_size=16):
    """`count` epochs as one array each."""
    dataset = make_dataset(
        source,
        batch_size=batch_size,
        cache_mib=cache_mib,
        shuffle_seed=seed,
        first_epoch=first_epoch,
    )
    steps = -(-source.records // batch_size)
    batches = images_of(dataset, steps * count)
    return [np.concatenate(batches[i : i + steps]) for i in range(0, len(batches), steps)]


def test_decode_image():
    image = ImageShape(height=8, width=16, channels=3)
    pixels = np.arange(2 * image.size, dtype=np.uint8).reshape(2, 8, 16, 3)
    decoded = decode_image(tf.constant([p.tobytes() for p in pixels]), image)
    assert decoded.dtype == tf.uint8
    assert np.array_equal(decoded, pixels)


def test_decode_image_refuses_another_length():
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode_image(tf.constant([b"\0" * 128]), ImageShape(height=8, width=8))


def test_load_gives_every_image_in_the_order_of_the_files(prepared):
    assert np.array_equal(load(prepared.source("train"))["image"], prepared.images["train"])


@pytest.mark.parametrize("cache_mib", [IN_MEMORY, FROM_SHARDS])
def test_one_pass_in_order_with_a_short_last_batch(prepared, cache_mib):
    dataset = make_dataset(prepared.source("eval"), batch_size=16, cache_mib=cache_mib)
    batches = images_of(dataset)
    assert [len(batch) for batch in batches] == [16, 4]
    assert batches[0].dtype == np.uint8
    assert np.array_equal(np.concatenate(batches), prepared.images["eval"])


@pytest.mark.parametrize("cache_mib", [IN_MEMORY, FROM_SHARDS])
def test_order_is_a_function_of_seed_and_epoch(prepared, cache_mib):
    source = prepared.source("train")
    first = epochs_of(source, cache_mib, seed=3, first_epoch=0, count=3)
    for epoch in first:  # each epoch holds every image once
        assert sorted(i.tobytes() for i in epoch) == sorted(
            i.tobytes() for i in prepared.images["train"]
        )
    assert not np.array_equal(first[0], prepared.images["train"])
    assert not np.array_equal(first[0], first[1])

    # a run that starts at epoch 1 sees what the first run saw then
    resumed = epochs_of(source, cache_mib, seed=3, first_epoch=1, count=2)
    assert np.array_equal(resumed, first[1:])

    other_seed = epochs_of(source, cache_mib, seed=4, first_epoch=0, count=1)
    assert not np.array_equal(first[0], other_seed[0])


def test_records_of_one_file_are_shuffled_anew_in_each_epoch(prepared):
    pattern = f"{prepared.directory}/Split-train/examples-00001*"
    source = prepared.source("train", patterns=(pattern,), records=40)
    epochs = epochs_of(source, FROM_SHARDS, seed=3, first_epoch=0, count=3)
    assert len({epoch.tobytes() for epoch in epochs}) == 3


@pytest.mark.parametrize("records", [59, 61])
def test_shards_that_do_not_hold_what_the_manifest_counts(prepared, records):
    with pytest.raises(InputError, match=f"60 records in .*, allowed: the {records} that"):
        load(prepared.source("train", records=records))


def test_no_files(prepared):
    with pytest.raises(InputError, match="no file matches"):
        load(prepared.source("train", patterns=("/nowhere/Split-train/*",)))
