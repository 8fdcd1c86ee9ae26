"""Files of a film: its frames as GIF and as MP4."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_rgb
from PIL import Image

from cascade.common.errors import CascadeError
from cascade.plot.film_frames import Frames
from cascade.plot.film_scene import Scene

GIF_PIXELS, MP4_PIXELS = 960, 1920
"""Across a picture."""

GIF_MILLISECONDS, MP4_RATE = 100, 24
"""Of a frame of a GIF, which knows hundredths of a second alone; frames of an MP4 in a second."""

HELD = 2500
"""Milliseconds that the last frame of a GIF is held."""

NOTE = 250
"""Bytes of a comment that a GIF holds in one piece."""

Tell = Callable[[int], object]


def clocks(scene: Scene, number: int) -> list[float]:
    """Seconds of the lesson's film at which so many frames are drawn, the first and the last among them."""
    return [float(clock) for clock in np.linspace(0.0, scene.length, number)]


def gif_frames(seconds: float) -> int:
    """Frames of a GIF."""
    return max(2, round(1000 * seconds / GIF_MILLISECONDS))


def mp4_frames(seconds: float) -> int:
    """Frames of an MP4."""
    return max(2, round(MP4_RATE * seconds))


def gif_of(scene: Scene, seconds: float, note: str, tell: Tell, pixels: int | None = None) -> bytes:
    """The film as a GIF that begins anew at its end."""
    frames, number = Frames(scene, pixels or GIF_PIXELS), gif_frames(seconds)
    palette = _palette(scene)
    nearest = _nearest(tuple(map(tuple, palette.tolist())))

    def pictures() -> Iterator[Image.Image]:
        for clock in clocks(scene, number):
            r, g, b = np.moveaxis(frames.at(clock) >> 2, 2, 0)
            picture = Image.fromarray(nearest[r, g, b])
            picture.putpalette(palette.astype(np.uint8).tobytes())
            tell(1)
            yield picture

    first, *others = pictures()
    file = io.BytesIO()
    how: dict[str, Any] = {"duration": [GIF_MILLISECONDS] * (number - 1) + [HELD], "loop": 0, "optimize": False}
    first.save(file, "GIF", save_all=True, append_images=others, comment=note.encode()[:NOTE], **how)
    return file.getvalue()


def _palette(scene: Scene) -> npt.NDArray[np.int64]:
    """Colours of a GIF, (n, 3): those that are drawn, and what lies between them at the edges of letters and dots."""
    scheme = scene.scheme
    grounds = [scheme[name] for name in ("paper", "stage", "lumen", "tissue", "band")]
    drawn = [scheme[name] for name in ("ink", "quiet", "alive", "passed", "tissue-dark", "lumen-dark", "edge")]
    drawn += [scheme.cause(cause) for cause in scene.causes]
    colours = dict.fromkeys((*grounds, *drawn))
    found = [np.array(to_rgb(colour)) for colour in colours]
    for part, (over, under) in product((0.35, 0.7), product(drawn, grounds)):
        if len(found) < 255:  # one is left for what does not change from frame to frame
            found.append(part * np.array(to_rgb(over)) + (1 - part) * np.array(to_rgb(under)))
    return np.round(255 * np.array(found)).astype(np.int64)


@cache
def _nearest(palette: tuple[tuple[int, int, int], ...]) -> npt.NDArray[np.uint8]:
    """The nearest colour of a palette to each of 64 levels of red, green and blue."""
    levels, colours = 4 * np.arange(64) + 2, np.array(palette)
    table = np.empty((64, 64, 64), np.uint8)
    for k, red in enumerate(levels):
        apart = [
            (red - colours[:, 0])[None, None] ** 2,
            (levels[:, None] - colours[:, 1])[:, None] ** 2,
            (levels[:, None] - colours[:, 2])[None] ** 2,
        ]
        table[k] = np.argmin(apart[0] + apart[1] + apart[2], axis=2)
    return table


def encoder() -> Any:
    """What writes MP4.

    Raises
    ------
    CascadeError
        Without the extra ``film``.
    """
    try:
        return import_module("imageio_ffmpeg")
    except ImportError:
        raise CascadeError("an .mp4 needs more: pip install 'metastatic-cascade[film]'; a .gif does not") from None


def mp4_of(scene: Scene, seconds: float, note: str, tell: Tell, pixels: int | None = None) -> bytes:
    """The film as an MP4 (H.264), as slides take it."""
    wide = pixels or MP4_PIXELS
    frames = Frames(scene, wide)
    pictures = (frames.at(clock) for clock in clocks(scene, mp4_frames(seconds)))
    return _encoded(pictures, (wide, wide * 9 // 16), note, tell)


def _encoded(pictures: Iterable[npt.NDArray[np.uint8]], size: tuple[int, int], note: str, tell: Tell) -> bytes:
    """Pictures of a size as an MP4; no file has a date in it."""
    how = ["-crf", "20", "-preset", "fast", "-movflags", "+faststart", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
    about = ["-metadata", f"comment={note}"]
    # The encoder writes the lengths of its parts at the end, so it must have a file.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        writer = encoder().write_frames(
            str(path), size, fps=MP4_RATE, codec="libx264", macro_block_size=2, quality=None,
            output_params=[*how, *about], ffmpeg_log_level="error",
        )  # fmt: skip
        writer.send(None)
        try:
            for picture in pictures:
                writer.send(np.ascontiguousarray(picture))
                tell(1)
        finally:
            writer.close()
        return path.read_bytes()
