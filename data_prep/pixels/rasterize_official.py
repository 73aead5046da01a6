"""The `official` rasterizer: anti-aliased strokes, white on black, at any side.

Geometry: `vector_to_raster` as the authors of the data gave it (quickdraw-dataset, issue
19): original_side 256, line_diameter 16, padding 16, the drawing centred by its bounding
box, round caps and joins, a single point drawn as a dot. A pixel is the mean of n x n
samples, n = `samples_across(side)`. In the grid of all samples,

    scale  = n * side / (original_side + 2 * padding + line_diameter)
    place  = (x - (min + max) / 2) * scale + n * side / 2
    radius = line_diameter / 2 * scale

The coverage of a sample is that of the union of all segments, so one canvas of smallest
squared distances d^2 from the samples' centres serves a whole drawing:

    coverage = clamp((radius^2 + 1/12 - d^2) / (2 * radius) + 1/2, 0, 1)

That is the ramp radius + 1/2 - d across the edge of a line, without its root: they differ by
(radius - d)^2 / (2 * radius), whose mean over the ramp the 1/12 takes back, so that a line keeps
its ink. n makes the radius at least 1.26.

Only operations that IEEE 754 rounds exactly are used, and none is contracted ("fastmath"
stays off), so the bytes are the same on every processor. The two inner loops are written as
vectors (LLVM's, of any processor): Numba makes scalar instructions of loops this short.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from data_prep.formats.quickdraw_binary import HEADER, u16

VERSION = 2  # raised whenever a drawing gets other pixels: data sets of another one are refused
ORIGINAL_SIDE = 256
LINE_DIAMETER = 16
PADDING = 16
SPARE = 8  # bytes behind the last image, for the last vector of its last row

_LANES = 16  # samples of a row that are compared at once
_ROWS = 2  # rows, before the loop over rows asks again
_PIXELS = 8  # of a row, shaded at once
_FEWEST = 48  # samples across an image
_ZERO = np.float32(0)
_HALF = np.float32(0.5)
_ONE = np.float32(1)
_TWELFTH = np.float32(1 / 12)


def line_width(side: int) -> float:
    """Returns the width of a line in pixels."""
    return LINE_DIAMETER * side / (ORIGINAL_SIDE + 2 * PADDING + LINE_DIAMETER)


@njit(cache=True, nogil=True)
def samples_across(side):
    """Returns n, the number of samples along each side of a pixel: 2, 4 or 8."""
    n = 2
    while n * side < _FEWEST:
        n *= 2
    return n


def _vector(lanes, element=None):
    return ir.VectorType(element or ir.FloatType(), lanes)


def _splat(builder, value, lanes):
    """Returns a vector of one value."""
    undefined = ir.Constant(_vector(lanes), ir.Undefined)
    one = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(_vector(lanes, ir.IntType(32)), [0] * lanes)
    return builder.shuffle_vector(one, undefined, zeros)


def _place(builder, data, at, vector):
    """Returns the pointer to the vector that begins at element `at`."""
    return builder.bitcast(builder.gep(data, [at]), vector.as_pointer())


def _store(builder, value, pointer, align):
    builder.store(value, pointer).align = align


def _larger(builder, a, b):
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


@intrinsic
def _approach_rows(typing_context, canvas, at, stride, pairs, along, aside, ux, uy, half):
    """Lowers `_ROWS` * pairs rows of `_LANES` samples to the squared distance from a segment.

    Args:
      canvas: float32 [total], all at least 0.
      at: index of the first sample; stride: samples from a row to the next.
      along, aside: where the first sample lies from the middle of the segment, along and
        across it; (ux, uy): the segment's direction, of length 1; half: half its length.
    """
    whole, real = types.int64, types.float32
    signature = types.void(canvas, *[whole] * 3, *[real] * 5)

    def generate(context, builder, signature, arguments):
        array, at, stride, pairs, along, aside, ux, uy, half = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        vector, bits = _vector(_LANES), _vector(_LANES, ir.IntType(32))
        lanes = ir.Constant(vector, [float(lane) for lane in range(_LANES)])
        zeros = ir.Constant(vector, [0.0] * _LANES)
        magnitude = ir.Constant(bits, [0x7FFFFFFF] * _LANES)  # all but the sign
        ux, uy, half, along, aside = (
            _splat(builder, value, _LANES) for value in (ux, uy, half, along, aside)
        )
        state = [
            cgutils.alloca_once_value(builder, value)
            for value in (
                builder.fadd(along, builder.fmul(lanes, ux)),
                builder.fadd(aside, builder.fmul(lanes, uy)),
                at,
            )
        ]
        with cgutils.for_range(builder, pairs):
            along, aside, at = map(builder.load, state)
            for _ in range(_ROWS):
                size = builder.bitcast(
                    builder.and_(builder.bitcast(along, bits), magnitude), vector
                )
                beyond = _larger(builder, builder.fsub(size, half), zeros)
                square = builder.fadd(builder.fmul(beyond, beyond), builder.fmul(aside, aside))
                # Numbers of at least 0 are in order as integers, too, and for those LLVM has no
                # masked store, which the next load would wait for.
                pointer, new = _place(builder, data, at, bits), builder.bitcast(square, bits)
                old = builder.load(pointer, align=4)
                nearer = builder.select(builder.icmp_signed("<", new, old), new, old)
                _store(builder, nearer, pointer, 4)
                along, aside = builder.fadd(along, uy), builder.fsub(aside, ux)
                at = builder.add(at, stride)
            for value, slot in zip((along, aside, at), state, strict=True):
                builder.store(value, slot)
        return context.get_dummy_value()

    return signature, generate


def _shading_of(n):
    """Returns the function that shades `_PIXELS` pixels of n x n samples each."""

    @intrinsic
    def shade(typing_context, canvas, at, stride, pixels, to, far, near, slope, white):
        """Writes white - slope * (sum of the samples, raised to near), and resets them to far.

        Args:
          canvas: float32 [total]; at: index of the first sample; stride: as above.
          pixels: uint8 [total]; to: index of the first pixel.
          far, near: squared distances of coverage 0 and 1.
        """
        whole, real = types.int64, types.float32
        signature = types.void(canvas, whole, whole, pixels, whole, *[real] * 4)

        def generate(context, builder, signature, arguments):
            canvas, at, stride, pixels, to, far, near, slope, white = arguments
            samples = context.make_array(signature.args[0])(context, builder, canvas).data
            bytes_ = context.make_array(signature.args[3])(context, builder, pixels).data
            lanes = _PIXELS * n
            far, near = _splat(builder, far, lanes), _splat(builder, near, lanes)
            total = None
            for _ in range(n):
                pointer = _place(builder, samples, at, _vector(lanes))
                row = _larger(builder, builder.load(pointer, align=4), near)
                _store(builder, far, pointer, 4)
                total = row if total is None else builder.fadd(total, row)
                at = builder.add(at, stride)
            while lanes > _PIXELS:  # neighbours in pairs
                undefined = ir.Constant(_vector(lanes), ir.Undefined)
                lanes //= 2
                halves = (
                    ir.Constant(_vector(lanes, ir.IntType(32)), list(range(k, 2 * lanes, 2)))
                    for k in (0, 1)
                )
                total = builder.fadd(
                    *(builder.shuffle_vector(total, undefined, half) for half in halves)
                )
            slope, white = _splat(builder, slope, _PIXELS), _splat(builder, white, _PIXELS)
            values = builder.fsub(white, builder.fmul(slope, total))
            values = builder.fptosi(values, _vector(_PIXELS, ir.IntType(32)))
            values = builder.trunc(values, _vector(_PIXELS, ir.IntType(8)))
            _store(builder, values, _place(builder, bytes_, to, values.type), 1)
            return context.get_dummy_value()

        return signature, generate

    return shade


_shade_2, _shade_4, _shade_8 = _shading_of(2), _shading_of(4), _shading_of(8)


@njit(cache=True, nogil=True)
def draw(buffer, offsets, pixels, side):
    """Draws record i of the batch into image i of `pixels`, white on black.

    Args:
      pixels: uint8 [n * side * side + SPARE], the images one behind the other.
    """
    n = samples_across(side)
    fine = side * n
    stride = fine + _PIXELS * n  # vectors end beyond the last sample of a row
    scale = np.float32(fine / (ORIGINAL_SIDE + 2 * PADDING + LINE_DIAMETER))
    radius = np.float32(LINE_DIAMETER / 2) * scale
    far = radius * radius + radius + _TWELFTH
    near = radius * radius - radius + _TWELFTH
    reach = np.sqrt(far)
    slope = np.float32(255) / (np.float32(2 * n * n) * radius)
    white = slope * (np.float32(n * n) * far) + _HALF
    middle = np.float32(fine) * _HALF - _HALF  # centres of samples are whole
    canvas = np.full(stride * (fine + _ROWS), far, np.float32)
    for i in range(len(offsets) - 1):
        x_min, x_max, y_min, y_max = _extent(buffer, offsets[i])
        shift_x = middle - np.float32(x_min + x_max) * _HALF * scale
        shift_y = middle - np.float32(y_min + y_max) * _HALF * scale
        at = offsets[i] + HEADER
        for _ in range(u16(buffer, at - 2)):
            points = u16(buffer, at)
            xs = buffer[at + 2 : at + 2 + points]
            ys = buffer[at + 2 + points : at + 2 + 2 * points]
            at += 2 + 2 * points
            x0 = np.float32(xs[0]) * scale + shift_x
            y0 = np.float32(ys[0]) * scale + shift_y
            for p in range(min(1, points - 1), points):  # a single point ends where it begins
                x1 = np.float32(xs[p]) * scale + shift_x
                y1 = np.float32(ys[p]) * scale + shift_y
                _approach(canvas, stride, x0, y0, x1, y1, reach)
                x0, y0 = x1, y1
        left, right = _pixel_range(x_min, x_max, scale, shift_x, reach, n)
        top, bottom = _pixel_range(y_min, y_max, scale, shift_y, reach, n)
        image = i * side * side
        pixels[image : image + side * side] = 0
        for r in range(top, bottom + 1):
            # The last vector may reach into the next row with zeros: that row is shaded later.
            for c in range(left, right + 1, _PIXELS):
                at, to = n * (r * stride + c), image + r * side + c
                if n == 2:
                    _shade_2(canvas, at, stride, pixels, to, far, near, slope, white)
                elif n == 4:
                    _shade_4(canvas, at, stride, pixels, to, far, near, slope, white)
                else:
                    _shade_8(canvas, at, stride, pixels, to, far, near, slope, white)


@njit(cache=True, nogil=True)
def _extent(buffer, start):
    """Returns the least and the greatest x, and y, of the points of a record."""
    x_min, x_max, y_min, y_max = np.uint8(255), np.uint8(0), np.uint8(255), np.uint8(0)
    at = start + HEADER
    for _ in range(u16(buffer, at - 2)):
        points = u16(buffer, at)
        at += 2
        for p in range(points):
            x, y = buffer[at + p], buffer[at + points + p]
            x_min, x_max = min(x_min, x), max(x_max, x)
            y_min, y_max = min(y_min, y), max(y_max, y)
        at += 2 * points
    return np.int64(x_min), np.int64(x_max), np.int64(y_min), np.int64(y_max)


@njit(cache=True, nogil=True)
def _pixel_range(low, high, scale, shift, reach, n):
    """Returns the first and last pixel that a drawing from `low` to `high` touches."""
    first = np.int64(np.float32(low) * scale + shift - reach + _ONE) // n
    return first, np.int64(np.float32(high) * scale + shift + reach) // n


@njit(cache=True, nogil=True, inline="always")
def _approach(canvas, stride, x0, y0, x1, y1, reach):
    """Lowers the canvas to the squared distance from a segment, as far as the line reaches.

    The line's reach never leaves the canvas: the padding is wider.
    """
    dx, dy = x1 - x0, y1 - y0
    length = np.sqrt(dx * dx + dy * dy)
    ux, uy = _ONE, _ZERO  # of a dot
    if length > _ZERO:
        ux, uy = dx * (_ONE / length), dy * (_ONE / length)
    left = np.int64(min(x0, x1) - reach + _ONE)  # truncates: at or inside reach
    right = np.int64(max(x0, x1) + reach)
    top = np.int64(min(y0, y1) - reach + _ONE)
    bottom = np.int64(max(y0, y1) + reach)
    pairs = (bottom - top + _ROWS) // _ROWS
    x, y = np.float32(left) - (x0 + x1) * _HALF, np.float32(top) - (y0 + y1) * _HALF
    for column in range(left, right + 1, _LANES):
        along, aside = x * ux + y * uy, x * uy - y * ux
        at = top * stride + column
        _approach_rows(canvas, at, stride, pairs, along, aside, ux, uy, length * _HALF)
        x += np.float32(_LANES)
