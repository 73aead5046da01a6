import numpy as np

from trainer.models.metrics import ActiveUnits


def test_counts_dimensions_whose_mean_varies_over_all_batches():
    random = np.random.default_rng(0)
    z_mean = random.normal([0, 0, 5, 3], [1.0, 0.05, 0.15, 0.0], (1000, 4))
    metric = ActiveUnits(4)
    for batch in np.split(z_mean.astype(np.float32), [100, 900]):
        metric.update_state(batch)
    # standard deviations 1 and 0.15 are above sqrt(0.01), 0.05 and 0 are not
    assert float(metric.result()) == 2


def test_variance_between_batches_counts():
    metric = ActiveUnits(1)
    metric.update_state(np.zeros((8, 1), np.float32))
    assert float(metric.result()) == 0
    metric.update_state(np.ones((8, 1), np.float32))
    assert float(metric.result()) == 1


def test_reset_and_empty():
    metric = ActiveUnits(2)
    metric.update_state(np.array([[0, 0], [1, 1]], np.float32))
    metric.reset_state()
    assert float(metric.result()) == 0
