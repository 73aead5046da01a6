"""The Trainer component's user function: wiring only."""

from __future__ import annotations

import os
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from trainer.config import CHECKPOINT_ROOT, CODE_VERSION, TrainerConfig
from trainer.data.dataset import make_dataset
from trainer.data.training_inputs import TrainingInputs, check_inputs, check_vocabulary
from trainer.export.metadata import HISTORY_FILE, LEARNED_FILE
from trainer.export.saved_model import export_decoder, export_full_model
from trainer.figures.callback import DIRECTORY, FigureCallback
from trainer.figures.examples import read_examples
from trainer.models.beta import implied_sigma
from trainer.models.vae import VAE
from trainer.training.best_epoch import BestEpoch, epoch_rule, set_exported_weights
from trainer.training.callbacks import History
from trainer.training.checkpoints import Checkpoint, checkpoint_directory
from trainer.training.compile import compiled, in_float32
from trainer.training.distribution import is_chief, make_strategy
from trainer.training.json_files import write_json
from trainer.training.progress import LOGGER, ProgressReporter
from trainer.training.schedules import Schedules
from trainer.training.trackers import make_trackers
from trainer.training.warm_start import copy_models, full_model_beside, read_learned, start_from


def run_fn(fn_args: Any) -> None:
    """Trains, and writes the decoder, the full model and the history.

    On a worker pool (TF_CONFIG) every worker runs it, and the chief alone writes.

    Args:
      fn_args: tfx FnArgs. Read are `train_files`, `eval_files`, `transform_graph_path` (or
        `transform_output`), `serving_model_dir` (the decoder goes there), `eval_model_dir`
        (the full model), `model_run_dir` (history.json, TensorBoard, pictures), `base_model` (a
        decoder with its full model beside it, to start from where train.warm_start), and of
        `custom_config`: `settings` (JSON of `TrainerConfig`), `overrides`, `code_version` and
        `checkpoint_root`. `hyperparameters` is the result of a search: see
        `trainer.data.training_inputs.tuned`.

    Raises:
      InputError: before anything is trained, where the data does not fit the config.
      TrainingDiverged: when the loss is not finite any more.
    """
    inputs = check_inputs(fn_args)
    custom_config, config = fn_args.custom_config, inputs.config
    strategy = make_strategy()
    transform = tft.TFTransformOutput(fn_args.transform_graph_path or fn_args.transform_output)
    check_vocabulary(config, transform)
    base = getattr(fn_args, "base_model", None) if config.train.warm_start else None
    directory = checkpoint_directory(
        custom_config.get(CHECKPOINT_ROOT) or os.path.join(fn_args.model_run_dir, "checkpoints"),
        settings=config.to_json(),
        code=custom_config.get(CODE_VERSION, ""),
        data=inputs.data_version,
        start=base,
        versions=[keras.__version__, tf.__version__],
    )
    origin = {
        "manifest_sha256": inputs.data_version,
        "settings": config.to_json(),
        "code_version": custom_config.get(CODE_VERSION, ""),
    }
    learned = read_learned(base) if base else {}
    if base and origin.items() <= learned.items():
        # Else every run on the same data would train the last one's model further.
        LOGGER.info("the blessed model has learned from these data already: kept as it is")
        if is_chief():
            copy_models(base, fn_args.serving_model_dir, fn_args.eval_model_dir)
            _write_learned(fn_args, learned)
        return
    _announce(config, base)

    with strategy.scope():
        model = compiled(config)
        if base:
            start_from(model, full_model_beside(base))
    history, checkpoint = _train(model, inputs, transform, directory, fn_args.model_run_dir)

    if is_chief():
        model = in_float32(model)
        export_decoder(model, fn_args.serving_model_dir)
        export_full_model(model, transform, fn_args.eval_model_dir)
        _write_learned(fn_args, origin | {"spans": list(inputs.spans), "history": history})
        checkpoint.remove()


def _train(
    model: VAE, inputs: TrainingInputs, transform: Any, checkpoint_dir: str, log_dir: str
) -> tuple[dict[str, Any], Checkpoint]:
    """Trains on from the last finished epoch; returns the content of history.json."""
    train = inputs.config.train
    history = History()
    rule = epoch_rule(inputs.config, validated=inputs.records["eval"] > 0)
    best = BestEpoch(history, rule, train)
    checkpoint = Checkpoint(checkpoint_dir, best)
    first_epoch = checkpoint.restore(model)
    if first_epoch:
        LOGGER.info("resuming after epoch %d of %d", first_epoch, train.epochs)
    names = train.trackers if is_chief() else ()
    trackers = make_trackers(names, history, log_dir, inputs.config)
    figures = []
    if train.pictures and is_chief():
        drawn = inputs.source(transform, "eval" if inputs.records["eval"] else "train")
        figures = [
            FigureCallback(
                read_examples(drawn, inputs.config.labels),
                inputs.config,
                directory=os.path.join(log_dir, DIRECTORY),
                keep=os.path.join(checkpoint_dir, DIRECTORY),
                trackers=trackers,
                finished=first_epoch,
            )
        ]
    if first_epoch < train.epochs and not best.exhausted:
        one_device = model.distribute_strategy.num_replicas_in_sync == 1
        whole, rest = divmod(inputs.records["train"], train.batch_size)
        steps = whole + 1 if rest and one_device else whole
        progress = ProgressReporter(train.epochs, steps, train.learning_rate)
        schedules = Schedules(history, inputs.config.model, train)
        written = [*figures, checkpoint, trackers] if is_chief() else []
        sizes: dict[str, Any] = {"batch_size": train.batch_size, "cache_mib": train.cache_mib}
        validation = None
        if inputs.records["eval"]:
            validation = make_dataset(inputs.source(transform, "eval"), **sizes)
        model.fit(
            make_dataset(
                inputs.source(transform, "train"),
                **sizes,
                shuffle_seed=train.seed,
                first_epoch=first_epoch,
                drop_remainder=not one_device,  # every replica needs images to learn from
            ),
            validation_data=validation,
            epochs=train.epochs,
            initial_epoch=first_epoch,
            steps_per_epoch=steps,
            shuffle=False,  # the data set does that
            callbacks=[schedules, progress, history, best, *written],
            verbose=0,
        )
    for callback in figures:
        callback.finish()
    trackers.finish()
    exported = set_exported_weights(model, best)
    LOGGER.info("exporting epoch %d of %d: %s", exported.epoch, train.epochs, exported.reason)
    return {
        "epochs": history.epochs,
        "exported_epoch": exported.epoch,
        "exported_reason": exported.reason,
    }, checkpoint


def _announce(config: TrainerConfig, base: str | None) -> None:
    model = config.model
    sigma = implied_sigma(model)
    LOGGER.info(
        "training %s %s: latent size %d%s, %s reconstruction%s, implied sigma %s%s",
        model.family,
        model.architecture,
        model.latent_dim,
        "" if model.condition == "none" else f", condition {model.condition}",
        model.reconstruction,
        f", effective beta {model.beta:g}" if model.has_prior else ", no KL",
        "none" if sigma is None else f"{sigma:g}",
        f", starting from {base}" if base else "",
    )


def _write_learned(fn_args: Any, learned: dict[str, Any]) -> None:
    """Writes history.json of the training, and learned.json beside the two models."""
    write_json(os.path.join(fn_args.model_run_dir, HISTORY_FILE), learned["history"])
    beside = os.path.dirname(fn_args.eval_model_dir.rstrip("/"))
    write_json(os.path.join(beside, LEARNED_FILE), learned)
