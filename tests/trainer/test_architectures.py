import numpy as np
import pytest

from trainer.architectures import ARCHITECTURES
from trainer.hparams import ImageShape


def test_conv_32_has_the_published_parameter_counts():
    image = ImageShape(height=32, width=32, channels=1)
    networks = ARCHITECTURES["conv_32"]
    assert networks.encoder(image, 2).count_params() == 100_868
    assert networks.decoder(image, 2).count_params() == 246_273


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
@pytest.mark.parametrize("shape", [(8, 8, 1), (16, 24, 3)])
def test_shapes_for_other_sizes(name, shape):
    image = ImageShape(height=shape[0], width=shape[1], channels=shape[2])
    networks = ARCHITECTURES[name]
    z_mean, z_log_var = networks.encoder(image, 5)(np.zeros((2, *shape), np.float32))
    assert z_mean.shape == z_log_var.shape == (2, 5)
    assert networks.decoder(image, 5)(np.zeros((2, 5), np.float32)).shape == (2, *shape)
