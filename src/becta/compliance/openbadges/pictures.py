"""Draws a badge as SVG and as PNG: nothing but text and plain shapes, no outside resource, readable to all."""

import io
import textwrap
import unicodedata
from datetime import date
from xml.sax.saxutils import escape

from msgspec import Struct
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

WIDTH, HEIGHT = 600, 360
INK, PAPER, BAND = "#0b0c0c", "#ffffff", "#1d4f76"
"""Black on white, white on blue: contrasts of 19:1 and 8:1, above WCAG 2.2's 4.5:1 (criterion 1.4.3)."""
MARGIN = 30
FONT = "system-ui, Arial, sans-serif"
LONGEST_WORDS = 90
"""Letters of a name that are drawn; the rest is cut with an ellipsis."""


class Face(Struct, frozen=True, kw_only=True):
    """What a badge's picture says."""

    standard: str
    level: str
    holder: str
    issuer: str
    valid_until: date | None = None


class _Line(Struct, frozen=True):
    text: str
    y: int
    size: int
    colour: str


def description_of(face: Face) -> str:
    """The picture in words, for its `desc` and for alternative text."""
    ends = "no end date" if face.valid_until is None else f"valid until {_day(face.valid_until)}"
    return f"{face.standard}, {face.level}, held by {face.holder}, {ends}, issued by {face.issuer}."


def draw_svg(face: Face) -> bytes:
    """The badge as SVG with a title and a description; all text is escaped."""
    texts = "\n".join(
        f'<text x="{MARGIN}" y="{line.y}" font-family="{FONT}" font-size="{line.size}" fill="{line.colour}">'
        f"{_text(line.text)}</text>"
        for line in _lines(face)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" \
role="img" aria-labelledby="badge-title badge-desc">
<title id="badge-title">{_text(f"{face.standard} badge")}</title>
<desc id="badge-desc">{_text(description_of(face))}</desc>
<rect x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" fill="{PAPER}" stroke="{BAND}" stroke-width="2"/>
<rect width="{WIDTH}" height="130" fill="{BAND}"/>
{texts}
</svg>
""".encode()


def draw_png(face: Face) -> bytes:
    """The badge as PNG, with the same description in its text chunk `Description`."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, WIDTH - 1, HEIGHT - 1), outline=BAND, width=2)
    pen.rectangle((0, 0, WIDTH, 130), fill=BAND)
    for line in _lines(face):
        font = ImageFont.load_default(line.size)
        pen.text((MARGIN, line.y), _drawable(line.text), font=font, fill=line.colour, anchor="ls")
    about = PngInfo()
    about.add_itxt("Title", f"{face.standard} badge")
    about.add_itxt("Description", description_of(face))
    file = io.BytesIO()
    picture.save(file, "PNG", pnginfo=about, optimize=True)
    return file.getvalue()


def _lines(face: Face) -> list[_Line]:
    name = _wrapped(face.standard, 32)
    lines = [_Line(text, 60 + 40 * number, 30, PAPER) for number, text in enumerate(name)]
    holder = _wrapped(face.holder, 40)
    lines += [_Line(text, 180 + 32 * number, 24, INK) for number, text in enumerate(holder)]
    ends = "No end date" if face.valid_until is None else f"Valid until {_day(face.valid_until)}"
    small = [_cut(face.level), ends, f"Issued by {_cut(face.issuer)}"]
    lines += [_Line(textwrap.shorten(text, 56, placeholder="…"), 262 + 34 * n, 20, INK) for n, text in enumerate(small)]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(_cut(text), width, max_lines=2, placeholder="…") or [""]


def _cut(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST_WORDS else plain[: LONGEST_WORDS - 1] + "…"


def _text(text: str) -> str:
    """Escaped for XML, without the control characters that XML 1.0 forbids."""
    allowed = "".join(letter for letter in text if letter in "\t\n" or " " <= letter <= "\ud7ff" or letter >= "\ue000")
    return escape("".join(letter for letter in allowed if letter not in "\ufffe\uffff"))


def _drawable(text: str) -> str:
    """In the letters that Pillow's own font has: without accents. The description keeps them."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return "".join(letter if letter.isprintable() else " " for letter in plain)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
