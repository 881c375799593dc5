"""What a title says its product *is*: the type noun, apart from what the product is for or made of."""

import re

from becta.search.analysis import stem, words_of

# What follows these words is what the product goes with, not what it is.
_PURPOSE = re.compile(
    r"\b(?:for|with|without|compatible|designed|suitable|works with|fits|to suit|to fit|w/|f/|from|by|in)\s",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\b(?:pcs?|piece)\(s\)|\bpcs\b", re.IGNORECASE)
_BREAK = re.compile(r"[,;:()\[\]{}|/™®©\"]|\s[-–—]\s|–|—|\S*\d\S*")

UNITS = frozenset(
    [
        "cm",
        "mm",
        "m",
        "km",
        "ft",
        "in",
        "inch",
        "inches",
        "gb",
        "tb",
        "mb",
        "kb",
        "ghz",
        "mhz",
        "hz",
        "khz",
        "w",
        "kw",
        "va",
        "kva",
        "v",
        "a",
        "mah",
        "ah",
        "wh",
        "ppm",
        "dpi",
        "x",
        "l",
        "ml",
        "g",
        "kg",
        "lb",
        "oz",
        "pixels",
        "sheets",
        "pages",
        "cd",
        "bit",
        "gbit",
        "mbit",
        "mbps",
        "gbps",
        "core",
        "cores",
        "year",
        "years",
        "month",
        "months",
        "day",
        "days",
        "u",
        "s",
        "p",
        "ii",
        "iii",
    ]
)
DESCRIPTORS = frozenset(
    [
        "black",
        "white",
        "grey",
        "gray",
        "silver",
        "red",
        "blue",
        "green",
        "yellow",
        "orange",
        "pink",
        "purple",
        "gold",
        "graphite",
        "charcoal",
        "brown",
        "beige",
        "cyan",
        "magenta",
        "lilac",
        "mint",
        "plum",
        "violet",
        "bronze",
        "chrome",
        "metallic",
        "transparent",
        "clear",
        "multicolour",
        "multicolor",
        "colour",
        "color",
        "original",
        "compatible",
        "oem",
        "new",
        "refurbished",
        "retail",
        "box",
        "boxed",
        "bulk",
        "pack",
        "blister",
        "polybag",
        "single",
        "twin",
        "dual",
        "double",
        "triple",
        "indoor",
        "outdoor",
        "internal",
        "external",
        "universal",
        "wired",
        "wireless",
        "portable",
        "small",
        "medium",
        "large",
        "xl",
        "xs",
        "mini",
        "slim",
        "standard",
        "premium",
        "pro",
        "plus",
        "lite",
        "manual",
        "auto",
        "automatic",
        "analog",
        "analogue",
        "digital",
        "matt",
        "matte",
        "gloss",
        "glossy",
        "and",
        "or",
        "of",
        "the",
        "a",
        "an",
    ]
)
# Nouns too general to stand alone: the word before them says what the thing is.
GENERAL = frozenset(
    [
        "pc",
        "computer",
        "system",
        "device",
        "unit",
        "machine",
        "set",
        "product",
        "equipment",
        "software",
        "solution",
        "bundle",
        "pack",
    ]
)


def heads(title: str, brand: str = "") -> list[str]:
    """Stems of the nouns a title's phrases end in, the likeliest names of what the product is."""
    lead = _PURPOSE.split(_COUNTED.sub(" ", title), maxsplit=1)[0]
    named = set(words_of(brand))
    found: list[str] = []
    for chunk in _BREAK.split(lead):
        words = [word for word in words_of(chunk) if word not in named]
        while words and (words[-1] in DESCRIPTORS or words[-1] in UNITS):
            words.pop()
        if not words:
            continue
        taken = words[-2:] if words[-1] in GENERAL else words[-1:]
        found += [stem(word) for word in taken]
    return list(dict.fromkeys(found))
