import numpy as np
import pytest

from data_prep.errors import InputError
from trainer.export.saved_model import export_decoder, export_full_model
from trainer.models.registry import build_model
from trainer.run_fn import run_fn
from trainer.training.warm_start import full_model_beside, start_from


@pytest.fixture(scope="module")
def blessed(prepared, tmp_path_factory):
    """A GAN's artifact with weights far from any start."""
    from trainer.config import ImageShape, ModelConfig, TrainerConfig

    root = tmp_path_factory.mktemp("model")
    settings = TrainerConfig(
        image=ImageShape(height=8, width=8), model=ModelConfig(family="vae_gan", latent_dim=3)
    )
    model = build_model(settings)
    random = np.random.default_rng(0)
    model.set_weights([random.normal(0, 0.1, w.shape) for w in model.get_weights()])
    export_decoder(model, str(root / "Format-Serving"))
    export_full_model(model, prepared.transform, str(root / "Format-TFMA"))
    return model, str(root / "Format-Serving")


def test_all_weights_come_back(blessed):
    model, serving = blessed
    fresh = build_model(model.config)
    start_from(fresh, full_model_beside(serving))
    for one, other in zip(model.get_weights(), fresh.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_a_decoder_carries_no_other_network(blessed):
    import tensorflow as tf

    model, serving = blessed
    reader = tf.train.load_checkpoint(f"{serving}/variables/variables")
    found = [s for k, s in reader.get_variable_to_shape_map().items() if "OBJECT" not in k]
    assert len(found) == len(model.decoder.weights)


def test_another_model_is_refused(blessed, tiny_config):
    _, serving = blessed
    with pytest.raises(InputError, match=r"train\.warm_start: .* allowed: the same model"):
        start_from(build_model(tiny_config()), full_model_beside(serving))
    with pytest.raises(InputError, match=r"train\.warm_start: no model in"):
        start_from(build_model(tiny_config()), full_model_beside("nowhere/Format-Serving"))


@pytest.mark.slow
def test_run_fn_starts_from_the_base_model_only_when_told(prepared, tiny_config, tmp_path):
    """At a learning rate of next to nothing the weights are what they were at the start."""
    import tensorflow as tf

    def trained(name, base, **train):
        out = tmp_path / name
        settings = tiny_config(epochs=1, seed=3, learning_rate=1e-12, **train)
        args = prepared.fn_args(out, settings, base_model=base)
        args.serving_model_dir = str(out / "Format-Serving")
        args.eval_model_dir = str(out / "Format-TFMA")
        run_fn(args)
        reader = tf.train.load_checkpoint(str(out / "Format-TFMA/variables/variables"))
        keys = sorted(k for k in reader.get_variable_to_shape_map() if "OBJECT" not in k)
        return [reader.get_tensor(k) for k in keys]

    first = trained("first", None)
    base = str(tmp_path / "first" / "Format-Serving")
    again = trained("again", base, warm_start=True)
    other = trained("other", base)
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(first, again, strict=True))
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(first, other, strict=True))


def test_a_condition_of_other_names_is_refused(prepared, tmp_path):
    """Of as many names the weights would fit, and stand for other words."""
    from trainer.config import ImageShape, ModelConfig, TrainerConfig

    def model(*labels):
        config = ModelConfig(family="cvae", condition="label", latent_dim=2)
        image = ImageShape(height=8, width=8)
        return build_model(TrainerConfig(image=image, model=config, labels=labels))

    export_full_model(model("cat", "dog"), prepared.transform, str(tmp_path / "full"))
    with pytest.raises(InputError, match=r"another label \(new in these data: owl; gone: dog\)"):
        start_from(model("cat", "owl"), str(tmp_path / "full"))


@pytest.mark.slow
def test_a_model_that_has_learned_from_these_data_is_kept(prepared, tiny_config, tmp_path):
    def trained(name, base=None, **train):
        out = tmp_path / name
        settings = tiny_config(epochs=1, warm_start=True, **train)
        args = prepared.fn_args(out, settings, base_model=base)
        args.serving_model_dir = str(out / "Format-Serving")
        args.eval_model_dir = str(out / "Format-TFMA")
        run_fn(args)
        files = [path for path in sorted(out.glob("Format-*/**/*")) if path.is_file()]
        return {str(path.relative_to(out)): path.read_bytes() for path in files}

    first = trained("first")
    base = str(tmp_path / "first" / "Format-Serving")
    assert trained("again", base) == first
    learned = [(tmp_path / name / "learned.json").read_text() for name in ("first", "again")]
    assert learned[0] == learned[1] and '"history"' in learned[0]
    other = trained("other", base, seed=8)
    weights = "Format-TFMA/variables/variables.data-00000-of-00001"
    assert other[weights] != first[weights]
