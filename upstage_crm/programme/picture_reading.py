"""Reads a picture that a staff member sent, and writes copies in our sizes.

What comes in is a stranger's file: only three formats are tried, its size is looked at before it is
unpacked, and nothing of it is kept but the pixels (a photograph may say where it was taken). This
is the one door to Pillow.
"""

from __future__ import annotations

import hashlib
import io
import struct
import threading
import zlib
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from upstage_crm.programme.errors import (
    PictureDamaged,
    PictureTooLarge,
    PictureTooSmall,
    PictureUnreadable,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    import PIL.Image

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 12_000_000
MOST_PIXELS = 25_000_000  # a photograph of 6,000 by 4,000; unpacked it takes 100 MB
LEAST_WIDTH = 320
WIDTHS = (320, 800, 1_600)
"""Pixels across: for a list, a telephone, a page. None is wider than the picture that came in."""
_QUALITY = 82
_alone = threading.Lock()  # so that two pictures together do not take twice the memory
_WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture at our sizes. `sizes` holds height and JPEG by width, `digest` names all of it."""

    sizes: Mapping[int, tuple[int, bytes]]
    digest: str


def read(content: bytes) -> Picture:
    """Make a picture of what came in: upright, in the colours of screens, on white, in one frame.

    Raises:
        PictureTooLarge: it has more bytes or pixels than we take. Facts: `megapixels`, `megabytes`.
        PictureUnreadable: it is no JPEG, PNG or WebP.
        PictureDamaged: it ends too early, or is broken inside.
        PictureTooSmall: it is narrower than what we show. Facts: `least`.
    """
    if len(content) > MOST_BYTES:
        raise _too_large()
    with _alone:
        plain = _plain(content)
        if plain.width < LEAST_WIDTH:
            raise PictureTooSmall(least=LEAST_WIDTH)
        sizes = {width: _sized(plain, width) for width in WIDTHS if width <= plain.width}
    digest = hashlib.sha256(b"".join(made for _, made in sizes.values())).hexdigest()
    return Picture(sizes=sizes, digest=digest)


# What Pillow raises for files that are not what they say they are.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    struct.error,
    zlib.error,
)


def _plain(content: bytes) -> PIL.Image.Image:
    """The pixels of a file, as they are shown."""
    from PIL import Image, ImageOps  # 10 MB of memory that only the first picture needs

    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise _too_large()
            opened.draft(None, (2 * WIDTHS[-1], 2 * WIDTHS[-1]))  # a JPEG is unpacked smaller
            with _unpacking():
                opened.load()
                upright = ImageOps.exif_transpose(opened)
                plain = _on_white(_in_screen_colours(upright))
                plain.info.clear()  # else a comment would be written again
                return plain
    except bombs as error:
        raise _too_large() from error
    except _BROKEN as error:
        raise PictureUnreadable from error


@contextmanager
def _unpacking() -> Generator[None]:
    """What goes wrong from here on is a fault of the file, not of its kind."""
    try:
        yield
    except _BROKEN as error:
        raise PictureDamaged from error


def _too_large() -> PictureTooLarge:
    return PictureTooLarge(megapixels=MOST_PIXELS // 1_000_000, megabytes=MOST_BYTES // 1_000_000)


def _in_screen_colours(image: PIL.Image.Image) -> PIL.Image.Image:
    """The picture in sRGB; a profile that cannot be used is left out of account."""
    from PIL import ImageCms

    cms: Any = ImageCms  # has no types of its own for profiles
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK", "L"):
        with suppress(ImageCms.PyCMSError, *_BROKEN):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            screen = cms.createProfile("sRGB")
            made = cms.profileToProfile(image, source, screen, outputMode="RGB")
            if made is not None:
                return made
    return image


def _on_white(image: PIL.Image.Image) -> PIL.Image.Image:
    """The picture without transparency."""
    from PIL import Image

    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, (*_WHITE, 255))
        ground.alpha_composite(image.convert("RGBA"))
        return ground.convert("RGB")
    return image.convert("RGB")


def _sized(image: PIL.Image.Image, width: int) -> tuple[int, bytes]:
    """Height and JPEG of the picture at a width."""
    from PIL import Image

    height = max(1, round(image.height * width / image.width))
    made = io.BytesIO()
    whole: Any = image  # its hints name a library that we do not have
    whole.resize((width, height), Image.Resampling.LANCZOS).save(
        made, "JPEG", quality=_QUALITY, progressive=True, optimize=True
    )
    return height, made.getvalue()
