"""Pictures: sizes from headers, refusals, crops and exact resampling."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data_prep.pixels.decode import MAX_PIXELS, Fitter, Picture, decode, picture_size
from data_prep.pixels.resize import make_taps, resample


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
    picture = decode(data)
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert (picture.height, picture.width, picture.reduction) == (20, 30, 1)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_jpeg_is_rgb_and_near(options):
    red = np.zeros((16, 24, 3), np.uint8)
    red[..., 0] = 200
    data = encoded(red, "JPEG", quality=95, **options)
    assert picture_size(data) == (16, 24)
    assert np.abs(decode(data).pixels.astype(int) - red).max() <= 6


def test_gray(pixels):
    assert decode(encoded(pixels, "PNG"), 1).pixels.shape == (20, 30, 1)
    assert decode(encoded(pixels, "BMP"), 1).pixels.shape == (20, 30, 1)


def test_every_cut_of_a_jpeg_is_refused(pixels):
    data = encoded(pixels, "JPEG")
    for cut in range(len(data)):
        assert decode(data[:cut]) in ("undecodable", "truncated"), cut


@given(st.binary(max_size=300))
def test_no_bytes_crash_it(data):
    for head in (b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"):
        result = decode(head + data)
        assert isinstance(result, (str, Picture))


def test_a_bomb_is_refused_by_its_header():
    side = int(MAX_PIXELS**0.5) + 1
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    bomb += struct.pack(">I", zlib.crc32(chunk))
    assert decode(bomb) == "too_large"


def by_pillow(pixels, box, side) -> np.ndarray:
    """Pillow's own resizing in floating point, box as (left, top, right, bottom)."""
    planes = [Image.fromarray(plane.astype(np.float32)) for plane in np.moveaxis(pixels, 2, 0)]
    resized = [plane.resize((side, side), Image.Resampling.BICUBIC, box=box) for plane in planes]
    return np.rint(np.stack(resized, axis=2)).clip(0, 255).astype(int)


@pytest.mark.parametrize(
    ("height", "width", "side"),
    [(218, 178, 64), (148, 148, 64), (64, 50, 16), (20, 30, 64), (1, 2, 5)],
)
def test_resampling_is_pillows_bicubic(height, width, side):
    picture = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    out = np.empty((side, side, 3), np.uint8)
    resample(picture, make_taps(height, side), make_taps(width, side), out)
    difference = np.abs(out.astype(int) - by_pillow(picture, (0, 0, width, height), side))
    assert difference.max() <= 1 and difference.mean() < 0.01


def test_same_size_is_a_copy(pixels):
    out = np.empty((20, 20, 3), np.uint8)
    assert Fitter(20, 20).fit(Picture(pixels, 20, 30), out) == ""
    np.testing.assert_array_equal(out, pixels[:, 5:25])


def test_crops(pixels):
    picture = Picture(pixels, 20, 30)
    out = np.empty((10, 10, 3), np.uint8)
    assert Fitter(-1, 10).fit(picture, out) == ""  # the largest square: 20x20
    assert np.abs(out - by_pillow(pixels, (5, 0, 25, 20), 10)).max() <= 1
    assert Fitter(12, 10).fit(picture, out) == ""
    assert np.abs(out - by_pillow(pixels, (9, 4, 21, 16), 10)).max() <= 1
    assert Fitter(21, 10).fit(picture, out) == "too_small"
    assert Fitter(0, 10).fit(picture, out) == ""


@pytest.mark.parametrize(
    ("crop", "side", "reduction"),
    [(148, 64, 2), (148, 74, 2), (148, 75, 1), (108, 64, 1), (140, 17, 8), (0, 44, 4), (-1, 89, 2)],
)
def test_a_reduced_jpeg_is_never_smaller_than_wanted(crop, side, reduction):
    assert Fitter(crop, side).reduction(218, 178) == reduction


def smooth(height, width) -> np.ndarray:
    """Waves that a JPEG keeps, of 8 pixels and more."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 3) + np.cos(y / 5), np.sin((x + y) / 7), np.cos(x / 11) * np.sin(y / 4)]
    return np.rint(127.5 + 60 * np.stack(waves, axis=2)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("height", "width"), [(218, 178), (217, 179), (300, 160)])
@pytest.mark.parametrize("channels", [3, 1])
def test_a_reduced_jpeg_gives_the_crop_of_the_whole_one(height, width, channels):
    data = encoded(smooth(height, width), "JPEG", quality=98, subsampling=0)
    fitter = Fitter(148, 64)
    whole, reduced = decode(data, channels), decode(data, channels, fitter)
    assert (reduced.height, reduced.width, reduced.reduction) == (height, width, 2)
    assert reduced.pixels.shape == (-(-height // 2), -(-width // 2), channels)
    want, got = (np.empty((64, 64, channels), np.uint8) for _ in range(2))
    assert fitter.fit(whole, want) == "" and fitter.fit(reduced, got) == ""
    # Half a pixel of misplacement would make it 10.
    assert np.abs(got.astype(int) - want).mean() < 1.5


def test_a_picture_turned_by_its_exif_is_reduced_too():
    exif = Image.Exif()
    exif[0x0112] = 6  # the top is on the right
    data = encoded(smooth(160, 300), "JPEG", quality=98, exif=exif)
    reduced = decode(data, 3, Fitter(148, 64))
    assert (reduced.height, reduced.width, reduced.reduction) == (300, 160, 2)
    assert reduced.pixels.shape == (150, 80, 3)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_says_where_the_top_is(form):
    picture = np.zeros((16, 32, 3), np.uint8)
    picture[:, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the left is the top
    turned = decode(encoded(picture, form, exif=exif))
    assert turned.pixels.shape == (32, 16, 3)
    assert turned.pixels[:12].min() > 200 and turned.pixels[-12:].max() < 50


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0, 0.4), st.floats(0.1, 1))
def test_taps_are_weights_within_the_picture(size, out, start, length):
    first, weights = make_taps(size, out, start * size, length * (1 - start) * size)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-4)
    assert first.min() >= 0 and first.max() + weights.shape[1] <= size


def test_what_a_camera_appends_to_a_jpeg_does_not_matter(pixels):
    data = encoded(pixels, "JPEG")
    longer = decode(data + b"\xff\xda" + bytes(500))
    np.testing.assert_array_equal(longer.pixels, decode(data).pixels)


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture(pixels):
    data = encoded(pixels, "JPEG")
    thumbnail = encoded(pixels[:8, :8], "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    whole = data[:2] + segment + data[2:]
    np.testing.assert_array_equal(decode(whole).pixels, decode(data).pixels)
    assert decode(whole[:-30]) == "truncated"


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_cut(form):
    gray = np.full((9, 12), 100 * 256 + 3, np.uint16)
    assert (decode(encoded(gray, form)).pixels == 100).all()
    assert (decode(encoded(gray, form), 1).pixels == 100).all()


def test_numbers_without_a_known_white_are_refused():
    assert decode(encoded(np.full((9, 12), 0.5, np.float32), "TIFF")) == "unknown_depth"
