"""Pictures that come in: at our sizes and in our form, or refused by what is wrong with them."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from upstage_crm.core.errors import UpstageError
from upstage_crm.programme import picture_reading
from upstage_crm.programme.errors import (
    PictureDamaged,
    PictureTooLarge,
    PictureTooSmall,
    PictureUnreadable,
)

RED, BLUE = (200, 30, 40), (20, 40, 200)


def made(
    kind: str = "JPEG", size: tuple[int, int] = (1000, 500), mode: str = "RGB", **how: Any
) -> bytes:
    content = io.BytesIO()
    Image.new(mode, size, how.pop("colour", RED)).save(content, kind, **how)
    return content.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("kind", picture_reading.FORMATS)
def test_a_picture_is_made_anew_at_our_widths(kind: str) -> None:
    picture = picture_reading.read(made(kind))

    assert {width: height for width, (height, _) in picture.sizes.items()} == {320: 160, 800: 400}
    for width, (height, content) in picture.sizes.items():
        image = opened(content)
        assert (image.format, image.size, image.mode) == ("JPEG", (width, height), "RGB")
    assert picture == picture_reading.read(made(kind))
    assert picture.digest != picture_reading.read(made(kind, colour=BLUE)).digest


def test_a_wide_picture_has_every_width_and_none_is_enlarged() -> None:
    assert list(picture_reading.read(made(size=(1600, 20))).sizes) == [320, 800, 1600]
    assert list(picture_reading.read(made(size=(799, 20))).sizes) == [320]


def test_a_picture_is_turned_upright_and_says_nothing_about_its_maker() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "at home"
    picture = picture_reading.read(made(size=(400, 800), exif=exif, comment=b"secret"))

    height, content = picture.sizes[800]
    assert height == 400
    assert not opened(content).getexif()
    assert b"at home" not in content
    assert b"secret" not in content


def test_transparency_is_white_and_ink_becomes_light() -> None:
    clear = picture_reading.read(made("PNG", mode="RGBA", colour=(0, 0, 0, 0)))
    printed = picture_reading.read(made(mode="CMYK", colour=(0, 0, 0, 0)))
    grey = picture_reading.read(made("PNG", mode="I;16", colour=0))

    for picture in (clear, printed):
        assert opened(picture.sizes[320][1]).getpixel((9, 9)) == (255, 255, 255)
    assert opened(grey.sizes[320][1]).getpixel((9, 9)) == (0, 0, 0)


def test_colours_of_another_profile_become_those_of_screens() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    for profile in (lab, b"no profile"):
        picture = picture_reading.read(made(icc_profile=profile))
        image = opened(picture.sizes[320][1])
        assert "icc_profile" not in image.info
        assert abs(image.convert("RGB").getpixel((9, 9))[0] - RED[0]) < 8  # type: ignore[index,operator]  # a pixel of three


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is enormous."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(5_001, 5_000), (10_000, 10_000), (100_000, 100_000)])
def test_an_image_bomb_is_not_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(PictureTooLarge):
        picture_reading.read(bomb(*size))


def test_too_many_bytes_are_not_looked_at() -> None:
    with pytest.raises(PictureTooLarge):
        picture_reading.read(b"\0" * (picture_reading.MOST_BYTES + 1))


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7"),
        *(made("GIF"), made("BMP"), made("TIFF"), b"\xff\xd8\xff"),
    ],
)
def test_what_is_no_picture_of_ours_is_refused(content: bytes) -> None:
    with pytest.raises(PictureUnreadable):
        picture_reading.read(content)


@pytest.mark.parametrize("kind", picture_reading.FORMATS)
def test_a_picture_that_ends_too_early_is_refused(kind: str) -> None:
    noise = io.BytesIO()
    Image.effect_noise((640, 480), 90).convert("RGB").save(noise, kind)
    whole = noise.getvalue()

    with pytest.raises((PictureDamaged, PictureUnreadable)):
        picture_reading.read(whole[: len(whole) // 2])


def test_a_picture_that_is_too_small_is_refused() -> None:
    with pytest.raises(PictureTooSmall):
        picture_reading.read(made(size=(319, 900)))


@settings(max_examples=150)
@given(
    kind=st.sampled_from(picture_reading.FORMATS),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    end=st.integers(0, 10_000),
)
def test_a_broken_file_is_a_picture_or_a_refusal(
    kind: str, changes: list[tuple[int, int]], end: int
) -> None:
    content = bytearray(SMALL[kind])
    for place, value in changes:
        content[place % len(content)] = value
    with suppress(UpstageError):
        picture_reading.read(bytes(content[: end % len(content)] if end % 2 else content))


SMALL = {kind: made(kind, size=(330, 8)) for kind in picture_reading.FORMATS}
