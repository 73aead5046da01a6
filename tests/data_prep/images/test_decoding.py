"""Pictures: sizes from headers, refusals, crops and exact resampling."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data_prep.images.decoding import MAX_PIXELS, Fitter, decode, picture_size
from data_prep.images.resample import make_taps, resample


def encoded(pixels, form, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_come_back_exactly(pixels, form):
    data = encoded(pixels, form)
    assert picture_size(data) == (20, 30)
    np.testing.assert_array_equal(decode(data), pixels)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_jpeg_is_rgb_and_near(options):
    red = np.zeros((16, 24, 3), np.uint8)
    red[..., 0] = 200
    data = encoded(red, "JPEG", quality=95, **options)
    assert picture_size(data) == (16, 24)
    assert np.abs(decode(data).astype(int) - red).max() <= 6


def test_gray(pixels):
    assert decode(encoded(pixels, "PNG"), 1).shape == (20, 30, 1)
    assert decode(encoded(pixels, "BMP"), 1).shape == (20, 30, 1)


def test_every_cut_of_a_jpeg_is_refused(pixels):
    data = encoded(pixels, "JPEG")
    for cut in range(len(data)):
        assert decode(data[:cut]) in ("undecodable", "truncated"), cut


@given(st.binary(max_size=300))
def test_no_bytes_crash_it(data):
    for head in (b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"):
        result = decode(head + data)
        assert isinstance(result, (str, np.ndarray))


def test_a_bomb_is_refused_by_its_header():
    side = int(MAX_PIXELS**0.5) + 1
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    bomb += struct.pack(">I", zlib.crc32(chunk))
    assert decode(bomb) == "too_large"


@pytest.mark.parametrize(
    ("height", "width", "side"), [(218, 178, 64), (148, 148, 64), (64, 50, 16)]
)
def test_area_averaging_is_opencvs(height, width, side):
    picture = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    out = np.empty((side, side, 3), np.uint8)
    resample(picture, make_taps(height, side), make_taps(width, side), 0, 0, out)
    want = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    assert np.abs(out.astype(int) - want).max() <= 1


def test_upsampling_is_bilinear():
    picture = np.array([[0, 100], [200, 60]], np.uint8)[:, :, None]
    out = np.empty((4, 4, 1), np.uint8)
    resample(picture, make_taps(2, 4), make_taps(2, 4), 0, 0, out)
    want = cv2.resize(picture, (4, 4), interpolation=cv2.INTER_LINEAR)
    assert np.abs(out[..., 0].astype(int) - want).max() <= 1
    assert out[0, 0, 0] == 0 and out[3, 3, 0] == 60


def test_same_size_is_a_copy(pixels):
    out = np.empty((20, 20, 3), np.uint8)
    assert Fitter(20, 20).fit(pixels, out) == ""
    np.testing.assert_array_equal(out, pixels[:, 5:25])


def test_crops(pixels):
    out = np.empty((10, 10, 3), np.uint8)
    assert Fitter(-1, 10).fit(pixels, out) == ""  # the largest square: 20x20
    np.testing.assert_array_equal(
        out, cv2.resize(pixels[:, 5:25], (10, 10), interpolation=cv2.INTER_AREA)
    )
    assert Fitter(21, 10).fit(pixels, out) == "too_small"
    assert Fitter(0, 10).fit(pixels, out) == ""


@given(st.integers(1, 300), st.integers(1, 300))
def test_taps_are_averages_within_the_picture(size, out):
    first, weights = make_taps(size, out)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    assert (weights >= 0).all()
    reach = first[:, None] + np.arange(weights.shape[1])
    assert first.min() >= 0 and reach[weights > 0].max() < size


def test_what_a_camera_appends_to_a_jpeg_does_not_matter(pixels):
    data = encoded(pixels, "JPEG")
    np.testing.assert_array_equal(decode(data + b"\xff\xda" + bytes(500)), decode(data))


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture(pixels):
    data = encoded(pixels, "JPEG")
    thumbnail = encoded(pixels[:8, :8], "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    whole = data[:2] + segment + data[2:]
    np.testing.assert_array_equal(decode(whole), decode(data))
    assert decode(whole[:-30]) == "truncated"


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_cut(form):
    gray = np.full((9, 12), 100 * 256 + 3, np.uint16)
    assert (decode(encoded(gray, form)) == 100).all()
    assert (decode(encoded(gray, form), 1) == 100).all()


def test_numbers_without_a_known_white_are_refused():
    assert decode(encoded(np.full((9, 12), 0.5, np.float32), "TIFF")) == "unknown_depth"
