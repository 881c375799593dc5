"""A badge's picture says what the badge says, to everyone, and carries the credential whole."""

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from becta.compliance.openbadges.baking import bake_png, bake_svg, unbake_png, unbake_svg
from becta.compliance.openbadges.pictures import Face, description_of, draw_png, draw_svg

FACE = Face(
    standard="Cyber Essentials <Plus> & more",
    level="Certified",
    holder="Ysgol Tŷ Coch “North”",
    issuer="BECTA 2.0",
    valid_until=date(2027, 11, 1),
)
SVG = "{http://www.w3.org/2000/svg}"
TOKEN = "eyJhbGciOiJFZERTQSJ9.e30.AAAA"
JSON = '{"name": "]]> & <b> “naïve” 日本"}'


def test_the_svg_says_all_in_text_and_has_a_title_and_a_description() -> None:
    root = etree.fromstring(draw_svg(FACE))
    words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))

    for part in (FACE.standard, FACE.level, FACE.holder, "Valid until 1 November 2027", "Issued by BECTA 2.0"):
        assert part in words
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "badge-title badge-desc"
    assert root.findtext(f"{SVG}title") == "Cyber Essentials <Plus> & more badge"
    assert root.findtext(f"{SVG}desc") == description_of(FACE)
    assert {element.tag for element in root.iter()} == {f"{SVG}{n}" for n in ("svg", "title", "desc", "rect", "text")}
    assert b"href" not in draw_svg(FACE)
    assert b"url(" not in draw_svg(FACE)


def test_the_png_is_the_same_size_and_bears_the_description() -> None:
    picture = Image.open(io.BytesIO(draw_png(FACE)))
    picture.load()

    assert picture.size == (600, 360)
    assert picture.info["Description"] == description_of(FACE)
    assert len(set(picture.convert("L").tobytes())) > 10  # letters were drawn


@given(st.builds(Face, standard=st.text(), level=st.text(), holder=st.text(), issuer=st.text()))
def test_no_text_breaks_the_svg(face: Face) -> None:
    root = etree.fromstring(draw_svg(face))

    assert {element.tag for element in root.iter()} <= {f"{SVG}{n}" for n in ("svg", "title", "desc", "rect", "text")}
    assert etree.fromstring(draw_svg(face)).findtext(f"{SVG}desc") is not None


@pytest.mark.parametrize("credential", [JSON, TOKEN])
def test_what_is_baked_comes_out_again_and_only_once(credential: str) -> None:
    svg = bake_svg(bake_svg(draw_svg(FACE), "{}"), credential)
    png = bake_png(bake_png(draw_png(FACE), "{}"), credential)

    assert unbake_svg(svg) == credential
    assert unbake_png(png) == credential
    Image.open(io.BytesIO(png)).verify()
    assert Image.open(io.BytesIO(png)).tobytes() == Image.open(io.BytesIO(draw_png(FACE))).tobytes()


def test_baking_puts_a_jwt_into_the_attribute_verify_and_json_into_the_text() -> None:
    tag = "{https://purl.imsglobal.org/ob/v3p0}credential"
    with_token, with_json = (etree.fromstring(bake_svg(draw_svg(FACE), text)).find(tag) for text in (TOKEN, JSON))

    assert with_token is not None
    assert with_json is not None
    assert (with_token.get("verify"), with_token.text) == (TOKEN, None)
    assert (with_json.get("verify"), with_json.text) == (None, JSON)


def test_a_picture_without_credential_has_none() -> None:
    with pytest.raises(ValueError, match="no credentials"):
        unbake_svg(draw_svg(FACE))
    with pytest.raises(ValueError, match="no credentials"):
        unbake_png(draw_png(FACE))
