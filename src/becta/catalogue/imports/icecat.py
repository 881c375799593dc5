"""The Icecat open catalogue's layout as Chorus publishes it: one JSON object a product, `attr_*` keys for facts."""

from typing import Any

_CATEGORIES = {
    "laptop": ("laptops", "30213100"),
    "chromebook": ("chromebooks", "30213100"),
    "desktop": ("desktops", "30213300"),
    "monitor": ("monitors", "30231300"),
    "network": ("networking", "32420000"),
    "projector": ("projectors", "38652100"),
    "tablet": ("tablets", "30213200"),
}
_OTHER = ("other-devices", "30236000")


def is_icecat(values: dict[str, Any]) -> bool:
    """Whether a row has the marks of this layout."""
    return "ean" in values and "supplier" in values and "name" in values and "reference" not in values


def product_values(values: dict[str, Any]) -> dict[str, Any]:
    """The row in our own layout; its price, in pence, becomes a plain offer."""
    codes = values["ean"] or []
    category, cpv_code = _CATEGORIES.get(str(values.get("_category")), _OTHER)
    return {
        "supplier": values.get("supplier"),
        "reference": values.get("id"),
        "kind": "device",
        "title": values.get("title"),
        "summary": values.get("short_description") or "",
        "cpv_code": cpv_code,
        "category": category,
        "brand": values.get("supplier"),
        "model": values.get("name"),
        "part_number": values.get("name"),
        "gtins": [_gtin(code) for code in codes] if isinstance(codes, list) else codes,
        "attributes": dict(_attributes(values)),
        "price_pence": values.get("price"),
    }


def _gtin(code: object) -> str:
    digits = str(code)
    return digits.zfill(12) if len(digits) == 11 else digits  # a spreadsheet ate the leading zero


def _attributes(values: dict[str, Any]) -> Any:
    for key, value in values.items():
        kind, label = key[:7], key[7:].replace("_", " ").strip()
        if kind == "attr_t_":
            yield label, "".join(c for c in str(value) if c.isprintable() or c in "\n\t")
        elif kind == "attr_n_":
            yield label, str(value).removesuffix(".0")
        elif kind == "attr_b_" and value:
            yield label, "yes"
