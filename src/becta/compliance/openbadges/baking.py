"""Puts a credential into an SVG or PNG and takes it out again, as Open Badges 3.0 "Baked Badge" asks.

An SVG holds it in an element `openbadges:credential`: a JWT in its attribute `verify`, JSON as its text. A PNG holds
it in an iTXt chunk with the keyword `openbadgecredential`. Pictures are never decoded, so no pixel bomb goes off.
"""

import re
import struct
import zlib
from collections.abc import Iterator

from lxml import etree

NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
TAG = f"{{{NAMESPACE}}}credential"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"openbadgecredential"
LARGEST_CREDENTIAL = 1_000_000
"""Bytes of the credential in a picture, after decompression."""
MOST_CHUNKS = 10_000


def bake_svg(svg: bytes, credential: str) -> bytes:
    """The SVG with the credential (JSON or compact JWT) inside; one already there is replaced. Raises ValueError."""
    root = _parse_svg(svg)
    for old in root.findall(f".//{TAG}"):
        parent = old.getparent()
        if parent is not None:
            parent.remove(old)
    element = etree.Element(TAG, nsmap={"openbadges": NAMESPACE})
    if _is_json(credential):
        element.text = credential
    else:
        element.set("verify", credential)
    root.insert(0, element)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def unbake_svg(svg: bytes) -> str:
    """The credential in an SVG: JSON or a compact JWT. Raises ValueError if there is none, or two."""
    found = _parse_svg(svg).findall(f".//{TAG}")
    if len(found) != 1:
        raise ValueError(f"the SVG holds {len(found) or 'no'} credentials instead of one")
    text = (found[0].get("verify") or found[0].text or "").strip()
    if not text:
        raise ValueError("the SVG's credential is empty")
    return text


def bake_png(png: bytes, credential: str) -> bytes:
    """The PNG with the credential in an iTXt chunk before the pixels; one already there is replaced.

    Raises ValueError if the input is not a PNG.
    """
    data = KEYWORD + b"\x00\x00\x00\x00\x00" + credential.encode()
    parts = [PNG_SIGNATURE]
    for kind, body in _chunks(png):
        if kind == b"iTXt" and body.startswith(KEYWORD + b"\x00"):
            continue
        parts.append(_chunk(kind, body))
        if kind == b"IHDR":
            parts.append(_chunk(b"iTXt", data))
    return b"".join(parts)


def unbake_png(png: bytes) -> str:
    """The credential in a PNG: JSON or a compact JWT. Raises ValueError if there is none, two, or a broken one."""
    found = [body for kind, body in _chunks(png) if kind == b"iTXt" and body.startswith(KEYWORD + b"\x00")]
    if len(found) != 1:
        raise ValueError(f"the PNG holds {len(found) or 'no'} credentials instead of one")
    rest = found[0][len(KEYWORD) + 1 :]
    compressed, method, fields = rest[:1], rest[1:2], rest[2:].split(b"\x00", 2)
    if len(fields) != 3 or compressed not in {b"\x00", b"\x01"} or method != b"\x00":
        raise ValueError("the PNG's credential is not a well-formed iTXt chunk")
    text = fields[2]
    if compressed == b"\x01":
        text = _inflate(text)
    if len(text) > LARGEST_CREDENTIAL:
        raise ValueError("the PNG's credential is too large")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("the PNG's credential is not UTF-8") from None


def _parse_svg(svg: bytes) -> etree._Element:
    """Parse without entities, DTD or network. Encodings that could hide a declaration are refused first."""
    declared = re.match(rb"\s*(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)", svg)
    if declared and declared[1].lower() not in {b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1"}:
        raise ValueError("the SVG is not in UTF-8")
    if b"<!ENTITY" in svg or b"\x00" in svg:
        raise ValueError("the SVG declares entities, which are refused")
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(svg, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ValueError(f"the SVG is not well-formed XML ({' '.join(str(error).split())[:120]})") from None
    if etree.QName(root).localname != "svg":
        raise ValueError("the XML is not an SVG")
    return root


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's type and data; raises ValueError at a broken one."""
    if not png.startswith(PNG_SIGNATURE):
        raise ValueError("not a PNG")
    position = len(PNG_SIGNATURE)
    for number in range(MOST_CHUNKS):
        head = png[position : position + 8]
        if len(head) < 8:
            raise ValueError("the PNG ends too early")
        length, kind = struct.unpack(">I4s", head)
        body = png[position + 8 : position + 8 + length]
        checksum = png[position + 8 + length : position + 12 + length]
        if len(body) != length or len(checksum) != 4:
            raise ValueError("the PNG ends in the middle of a chunk")
        if struct.unpack(">I", checksum)[0] != zlib.crc32(kind + body):
            raise ValueError("a checksum in the PNG is wrong")
        if number == 0 and kind != b"IHDR":
            raise ValueError("the PNG does not begin with its header")
        yield kind, body
        if kind == b"IEND":
            return
        position += 12 + length
    raise ValueError("the PNG has too many chunks")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _inflate(data: bytes) -> bytes:
    unzip = zlib.decompressobj()
    try:
        text = unzip.decompress(data, LARGEST_CREDENTIAL + 1)
    except zlib.error:
        raise ValueError("the PNG's credential does not decompress") from None
    return text


def _is_json(credential: str) -> bool:
    return credential.lstrip().startswith("{")
