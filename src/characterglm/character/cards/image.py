"""Pictures for cards: other kinds of image as PNG, and a plain one where a character has none.

The only place here that decodes pixels; Pillow is imported when it is needed.
"""

from __future__ import annotations

import colorsys
import hashlib
import io
import warnings

from characterglm.character.cards.png import MAX_PIXELS, SIGNATURE
from characterglm.errors import InputError

_SIZE = (400, 600)
_KINDS = ("PNG", "JPEG", "WEBP")


def as_png(data: bytes, what: str) -> bytes:
    """A picture as PNG: PNG as it is, JPEG and WebP converted."""
    if data.startswith(SIGNATURE):
        return data
    from PIL import Image

    out = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_KINDS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise InputError(f"{what} has more than {MAX_PIXELS:,} pixels")
                picture.convert("RGBA").save(out, "PNG")
    except (OSError, ValueError, SyntaxError, MemoryError, Warning) as error:
        raise InputError(f"{what} is not a picture that can be read: {error}") from None
    except Image.DecompressionBombError:
        raise InputError(f"{what} has more than {MAX_PIXELS:,} pixels") from None
    return out.getvalue()


def default_portrait(name: str) -> bytes:
    """A soft gradient of 400 x 600 pixels whose colour follows from the name."""
    from PIL import Image

    hue = hashlib.sha256(name.encode()).digest()[0] / 256
    top, bottom = (_colour(hue, 0.35, 0.9), _colour(hue + 0.1, 0.6, 0.35))
    picture = Image.new("RGB", (1, 2))
    picture.putpixel((0, 0), top)
    picture.putpixel((0, 1), bottom)
    out = io.BytesIO()
    picture.resize(_SIZE, Image.Resampling.BICUBIC).save(out, "PNG")
    return out.getvalue()


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)
