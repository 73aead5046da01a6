"""Structural similarity of images."""

from __future__ import annotations

import cv2
import numpy as np

_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2  # (K1 L)^2 and (K2 L)^2 with a range L of 1


def ssim(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the mean structural similarity (Wang et al. 2004, "Image quality assessment", eq.
    13).

    Means, variances and covariance under a Gaussian window of 11x11 and sigma 1.5, constants
    K1 = 0.01 and K2 = 0.03, averaged over channels and over the pixels whose window lies
    inside the image. Of images smaller than the window, over all pixels, the border mirrored.

    Images are float [n, height, width, channels] in [0, 1]. Returns float64 [n], at most 1, where
    the images are equal; NaN where a pixel is.
    """
    return np.array([_one(a, b) for a, b in zip(images, others, strict=True)], np.float64)


def _one(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    channels = a.shape[-1]
    fields = np.concatenate([a, b, a * a, b * b, a * b], axis=-1)
    means = np.concatenate(  # OpenCV takes four channels at once
        [_blur(fields[..., i : i + channels]) for i in range(0, 5 * channels, channels)], axis=-1
    )
    margin = _WINDOW // 2 if min(a.shape[:2]) >= _WINDOW else 0
    means = means[margin : a.shape[0] - margin, margin : a.shape[1] - margin]
    mean_a, mean_b, aa, bb, ab = np.split(means.astype(np.float64), 5, axis=-1)
    products, squares = mean_a * mean_b, mean_a**2 + mean_b**2
    similar = (2 * products + _C1) * (2 * (ab - products) + _C2)
    return float(np.mean(similar / ((squares + _C1) * (aa + bb - squares + _C2))))


def _blur(field: np.ndarray) -> np.ndarray:
    blurred = cv2.GaussianBlur(field, (_WINDOW, _WINDOW), _SIGMA, borderType=cv2.BORDER_REFLECT)
    return blurred.reshape(field.shape)  # OpenCV drops a single channel
