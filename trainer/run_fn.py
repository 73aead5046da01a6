"""The Trainer component's user function: wiring only."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from trainer.callbacks import Curves, EarlyStopping, History
from trainer.checkpoints import Checkpoint, checkpoint_directory
from trainer.dataset import make_dataset
from trainer.export import export_decoder, export_full_model
from trainer.hparams import CHECKPOINT_ROOT, CODE_VERSION, SETTINGS, TrainerSettings, implied_sigma
from trainer.inputs import TrainingInputs, check_inputs
from trainer.models import build_model
from trainer.progress import LOGGER, Progress
from trainer.vae import VAE

HISTORY_FILE = "history.json"


def run_fn(fn_args: Any) -> None:
    """Trains, and writes the decoder, the full model and the history.

    Args:
      fn_args: tfx FnArgs. Read are `train_files`, `eval_files`, `transform_graph_path` (or
        `transform_output`), `serving_model_dir` (the decoder goes there), `eval_model_dir`
        (the full model), `model_run_dir` (history.json, TensorBoard scalars), and of
        `custom_config`: `settings` (JSON of `TrainerSettings`), `code_version` and
        `checkpoint_root`.

    Raises:
      InputError: before anything is trained, where the data does not fit the settings.
      TrainingDiverged: when the loss is not finite any more.
    """
    inputs = check_inputs(fn_args)
    config, settings = fn_args.custom_config, inputs.settings
    transform = tft.TFTransformOutput(fn_args.transform_graph_path or fn_args.transform_output)
    directory = checkpoint_directory(
        config.get(CHECKPOINT_ROOT) or os.path.join(fn_args.model_run_dir, "checkpoints"),
        settings=config[SETTINGS],
        code=config.get(CODE_VERSION, ""),
        data=inputs.data_version,
        versions=[keras.__version__, tf.__version__],
    )
    _announce(settings)

    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    if not on_gpu:
        tf.config.experimental.enable_op_determinism()
    mixed = on_gpu and settings.train.mixed_precision
    model = _with_precision("mixed_bfloat16" if mixed else "float32", lambda: _compiled(settings))
    history, checkpoint = _train(model, inputs, transform, directory, fn_args.model_run_dir)

    if mixed:
        model = _in_float32(model)
    export_decoder(model, fn_args.serving_model_dir, inputs.labels)
    export_full_model(model, transform, fn_args.eval_model_dir, inputs.labels)
    _write_json(os.path.join(fn_args.model_run_dir, HISTORY_FILE), history)
    checkpoint.remove()


def _train(
    model: VAE,
    inputs: TrainingInputs,
    transform: tft.TFTransformOutput,
    checkpoint_dir: str,
    log_dir: str,
) -> tuple[dict[str, Any], Checkpoint]:
    """Trains on from the last finished epoch; returns what goes into history.json."""
    train = inputs.settings.train
    history = History()
    patience = train.early_stopping_patience
    early = EarlyStopping(history, patience) if patience else None
    checkpoint = Checkpoint(checkpoint_dir, history, early)
    first_epoch = checkpoint.restore(model)
    if first_epoch:
        LOGGER.info("resuming after epoch %d of %d", first_epoch, train.epochs)
    if first_epoch < train.epochs and not (early and early.exhausted):
        steps = -(-inputs.train_records // train.batch_size)
        progress = Progress(train.epochs, steps, train.learning_rate)
        kept = [early] if early else []
        model.fit(
            make_dataset(
                inputs.source(transform, "train"),
                batch_size=train.batch_size,
                cache_mib=train.cache_mib,
                shuffle_seed=train.seed,
                first_epoch=first_epoch,
            ),
            validation_data=_validation_data(inputs, transform),
            epochs=train.epochs,
            initial_epoch=first_epoch,
            steps_per_epoch=steps,
            shuffle=False,  # the data set does that
            callbacks=[progress, history, *kept, checkpoint, Curves(history, log_dir)],
            verbose=0,
        )
    if early:
        early.restore_best(model)
    best_epoch = early.best_epoch if early else len(history.epochs)
    return {"epochs": history.epochs, "exported_epoch": best_epoch}, checkpoint


def _validation_data(
    inputs: TrainingInputs, transform: tft.TFTransformOutput
) -> tf.data.Dataset | None:
    if not inputs.eval_records:
        return None
    train = inputs.settings.train
    return make_dataset(
        inputs.source(transform, "eval"), batch_size=train.batch_size, cache_mib=train.cache_mib
    )


def _compiled(settings: TrainerSettings) -> VAE:
    """Seeded, built and compiled: everything that a checkpoint holds exists. XLA is for GPUs;
    on a CPU it is slower than oneDNN."""
    keras.utils.set_random_seed(settings.train.seed)
    model = build_model(settings)
    model.compile(
        optimizer=keras.optimizers.Adam(settings.train.learning_rate),
        jit_compile=bool(tf.config.list_physical_devices("GPU")),
    )
    model.optimizer.build(model.trainable_variables)
    return model


def _with_precision(policy: str, build: Callable[[], VAE]) -> VAE:
    """Builds under a dtype policy and leaves the process's own policy as it was."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return build()
    finally:
        keras.config.set_dtype_policy(before)


def _in_float32(model: VAE) -> VAE:
    """The same weights in a model that computes in float32, for export."""
    exact = _with_precision("float32", lambda: build_model(model.settings))
    exact.set_weights(model.get_weights())
    return exact


def _announce(settings: TrainerSettings) -> None:
    model = settings.model
    sigma = implied_sigma(model)
    LOGGER.info(
        "training %s %s: latent size %d, %s reconstruction, effective beta %g, implied sigma %s",
        model.family,
        model.architecture,
        model.latent_dim,
        model.reconstruction,
        model.beta,
        "none" if sigma is None else f"{sigma:g}",
    )


def _write_json(path: str, value: Any) -> None:
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(value, indent=2) + "\n")
