"""Pictures for the demo: calm landscapes as real PNG files, drawn from a name alone with the standard library.

A picture is drawn column by column (sky, sun, ridges, water from top to bottom), because a column is a handful
of runs while a row is hundreds of pixels; the columns are then turned into the rows that PNG wants.
"""

from __future__ import annotations

import math
import struct
import zlib
from functools import lru_cache
from random import Random

_Colour = tuple[int, int, int]

# Sky above, sky at the horizon, sun, far ridge, near ridge, water.
_PALETTES: tuple[tuple[_Colour, _Colour, _Colour, _Colour, _Colour, _Colour], ...] = (
    ((64, 120, 190), (214, 232, 244), (255, 250, 224), (150, 178, 200), (36, 84, 84), (92, 150, 180)),
    ((88, 62, 122), (255, 190, 140), (255, 240, 190), (182, 120, 140), (58, 38, 74), (200, 134, 130)),
    ((28, 96, 120), (190, 230, 214), (255, 255, 236), (120, 176, 168), (20, 74, 66), (80, 156, 156)),
    ((112, 150, 190), (246, 226, 190), (255, 244, 206), (190, 180, 150), (104, 116, 52), (156, 178, 160)),
    ((40, 52, 96), (148, 160, 204), (248, 246, 236), (96, 108, 156), (22, 30, 60), (70, 88, 136)),
    ((150, 196, 226), (250, 246, 236), (255, 255, 255), (170, 196, 150), (60, 120, 60), (140, 190, 200)),
)
_SKY, _LAYER, _WATER, _RIDGES = 96, 32, 30, 4
_SUN = _SKY
_FIRST_RIDGE = _SKY + 1
_FIRST_WATER = _FIRST_RIDGE + _RIDGES * _LAYER
_GLINT = _FIRST_WATER + _WATER


@lru_cache(maxsize=128)
def landscape(name: str, *, width: int = 800, height: int = 450) -> bytes:
    """A PNG of ``width`` × ``height`` pixels; the same name always gives the same bytes.

    Source of the format: PNG specification (ISO/IEC 15948), colour type 3, 8 bits a pixel.
    """
    chance = Random(name)  # noqa: S311 -- a drawing, not a secret
    columns = _columns(chance, width, height)
    rows = b"".join(b"\0" + columns[y::height] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = _colours(chance.choice(_PALETTES))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", head),
            _chunk(b"PLTE", colours),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _columns(chance: Random, width: int, height: int) -> bytes:
    """The whole picture as colour numbers, one column after the other."""
    horizon = int(height * chance.uniform(0.72, 0.86))
    depth = height - horizon
    sky = bytes(y * _SKY // horizon for y in range(horizon))
    water = bytes(_FIRST_WATER + y * _WATER // depth for y in range(depth))
    ridges = [_ridge(chance, layer, width, horizon) for layer in range(_RIDGES)]
    mist = [_mist(layer, min(heights), horizon) for layer, heights in enumerate(ridges)]
    sun_x, sun_y = width * chance.uniform(0.2, 0.8), horizon * chance.uniform(0.2, 0.4)
    radius = height * chance.uniform(0.05, 0.09)
    glints = [
        (y, sun_x + chance.uniform(-2, 2) * radius, radius * chance.uniform(0.3, 1.4))
        for y in range(4, depth, 5)
    ]

    columns = bytearray()
    for x in range(width):
        column = bytearray(sky)
        if abs(x - sun_x) < radius:
            half = math.sqrt(radius**2 - (x - sun_x) ** 2)
            top, bottom = int(sun_y - half), int(sun_y + half)
            column[top:bottom] = bytes([_SUN]) * (bottom - top)
        for layer, heights in enumerate(ridges):
            column[heights[x] :] = mist[layer][heights[x] :]
        surface = bytearray(water)
        for y, middle, half in glints:
            if abs(x - middle) < half:
                surface[y] = _GLINT
        columns += column + surface
    return bytes(columns)


def _mist(layer: int, top: int, horizon: int) -> bytes:
    """One column of a ridge: clear at its highest point, in the mist at its foot."""
    first, rise = _FIRST_RIDGE + layer * _LAYER, max(1, horizon - top)
    return bytes(first + min(_LAYER - 1, max(0, horizon - y) * _LAYER // rise) for y in range(horizon))


def _ridge(chance: Random, layer: int, width: int, horizon: int) -> list[int]:
    """For each column the row at which a ridge begins; nearer ridges are lower and rougher."""
    base = horizon * (0.45 + 0.15 * layer)
    waves = [
        (horizon * (0.11 - 0.018 * layer) / n, n * chance.uniform(1.1, 2.2), chance.uniform(0, math.tau))
        for n in (1, 2, 4, 9)
    ]
    return [
        max(0, min(horizon, int(base + sum(a * math.sin(math.tau * f * x / width + p) for a, f, p in waves))))
        for x in range(width)
    ]


def _colours(palette: tuple[_Colour, _Colour, _Colour, _Colour, _Colour, _Colour]) -> bytes:
    """The table of colours: sky from top to horizon, the sun, each ridge from foot to top, water, glints."""
    above, low, sun, far, near, water = palette
    table = [_between(above, low, i / (_SKY - 1)) for i in range(_SKY)] + [sun]
    for layer in range(_RIDGES):
        own = _between(far, near, layer / (_RIDGES - 1))
        table += [_between(_between(own, low, 0.5), own, i / (_LAYER - 1)) for i in range(_LAYER)]
    table += [_between(water, near, 0.4 * i / _WATER) for i in range(_WATER)] + [_between(water, sun, 0.6)]
    return b"".join(bytes(colour) for colour in table)


def _between(one: _Colour, other: _Colour, part: float) -> _Colour:
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
