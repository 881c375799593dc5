#!/usr/bin/env python3
"""Work out the ranking of an exported evaluation record again, without the marketplace: python rescore.py record.json

Needs nothing but Python 3.9 or newer. Written from the published rules, not from the marketplace's own code, so that
the two check one another. Prints a table, with --json the same as JSON; ends with 1 if the record is not in order.

The rules. Left out first is a bid that is excluded; that sells none below more than are wanted; that can supply fewer
than are wanted, unless lots are split; or that fails a pass-or-fail criterion, such as a badge. A quality criterion
earns weight x mark / 5; the price earns weight x share by the formula named in the record:
  relative                  lowest / price
  linear                    1 - (price - lowest) / lowest, no less than 0
  average                   1 - price / (2 x mean), no less than 0
  baseline                  1 - (price - base) / (ceiling - base), from 0 to 1
  price_per_quality_point   no share: price / quality points, the lowest figure wins, no points come last
Every score is rounded to four places, half up, and then they are added. Equal totals: by quality (higher first), then
price (lower first), or the other way round as the record says, then by the SHA-256 of "seed:bid id" (lower first).
"""

import hashlib
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

TEN_THOUSAND = 10_000


class BadRecord(Exception):
    """The record breaks a rule."""


def in_ten_thousandths(exact: Fraction) -> int:
    """Round half up to four decimal places; the result counts ten-thousandths."""
    twice = 2 * exact * TEN_THOUSAND
    return (twice.numerator + twice.denominator) // (2 * twice.denominator)


def as_text(count: int) -> str:
    """Ten-thousandths as a decimal number."""
    return f"{count // TEN_THOUSAND}.{count % TEN_THOUSAND:04d}"


def check(record: dict[str, Any]) -> None:
    """Refuse a record that cannot be ranked."""
    if record.get("format") != "becta-evaluation-record/1":
        raise BadRecord("the format is not becta-evaluation-record/1")
    weights = [Fraction(record["price_weight"])] + [Fraction(one["weight"]) for one in record["criteria"]]
    if sum(weights) != 100 or min(weights) < 0:
        raise BadRecord(f"the weights sum to {float(sum(weights))}, not 100")
    if hashlib.sha256(record["tie_seed"].encode()).hexdigest() != record["tie_seed_hash"]:
        raise BadRecord("the seed does not have the published hash")
    names = [bid["id"] for bid in record["bids"]]
    if len(set(names)) != len(names):
        raise BadRecord("a bid is in the record twice")
    for one in record.get("exclusions", []):
        if one["bid_id"] not in names:
            raise BadRecord(f"excluded bid {one['bid_id']} is not in the record")


def who_stands(record: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Split the bids into those that are ranked and those that are left out, each with its reason."""
    excluded = {one["bid_id"]: f"{one['ground']}: {one['reason']}" for one in record.get("exclusions", [])}
    ranked, left_out = [], []
    for bid in record["bids"]:
        reason = excluded.get(bid["id"]) or too_many_or_few(record, bid) or failed(record, bid)
        if reason:
            left_out.append({"bid_id": bid["id"], "supplier": bid["supplier"], "reason": reason})
        else:
            ranked.append(bid)
    return ranked, left_out


def too_many_or_few(record: dict[str, Any], bid: dict[str, Any]) -> str:
    """Why a bid cannot sell just what is wanted, empty if it can."""
    wanted, least, most = record["quantity"], bid.get("sells_from", 1), bid.get("capacity")
    if 0 < wanted < least:
        return f"minimum_order: sells none below {least:,}, and {wanted:,} are wanted"
    if most is not None and most < wanted and record["award_method"] != "split":
        return f"capacity: can supply {most:,} at most, and {wanted:,} are wanted of one supplier"
    return ""


def failed(record: dict[str, Any], bid: dict[str, Any]) -> str:
    """Which pass-or-fail criteria a bid does not meet, empty if none: first those judged by people, then badges.

    Once it is found to fail one, those that nobody judged for it are not counted against it.
    """
    must, passes = record.get("pass_fail", []), bid.get("passes", {})
    missed = [one for one in must if passes.get(one["code"]) is False]
    missed = missed or [one for one in must if passes.get(one["code"]) is not True]
    judged = [one["title"] for one in missed if one.get("badge") is None]
    parts = ["does not meet: " + ", ".join(judged)] if judged else []
    parts += ["lacks " + one["title"] for one in missed if one.get("badge") is not None]
    return "failed_criterion: " + "; ".join(parts) if parts else ""


def share_of_price(record: dict[str, Any], price: int, everybody: list[int]) -> Fraction:
    """Which part of the price weight a price earns."""
    kind, lowest = record["price_formula"], min(everybody)
    if kind == "relative":
        return Fraction(1) if price == 0 else Fraction(lowest, price)
    if kind == "linear":
        if lowest == 0:
            return Fraction(1) if price == 0 else Fraction(0)
        return max(Fraction(0), 2 - Fraction(price, lowest))
    if kind == "average":
        return (
            Fraction(1, 2)
            if sum(everybody) == 0
            else max(Fraction(0), 1 - Fraction(price * len(everybody), 2 * sum(everybody)))
        )
    if kind == "baseline":
        base, ceiling = record["baseline"]["base_pence"], record["baseline"]["ceiling_pence"]
        return min(Fraction(1), max(Fraction(0), Fraction(ceiling - price, ceiling - base)))
    if kind == "price_per_quality_point":
        return Fraction(0)
    raise BadRecord(f"unknown price formula {kind}")


def rank(record: dict[str, Any]) -> dict[str, Any]:
    """Rank a record: best bid first, with every part of its score."""
    check(record)
    bids, left_out = who_stands(record)
    field = "price_ex_vat_pence" if record.get("price_basis", "ex_vat") == "ex_vat" else "price_inc_vat_pence"
    prices = [bid[field] for bid in bids]
    by_point = record["price_formula"] == "price_per_quality_point"
    rows = []
    for bid in bids:
        price, parts = bid[field], []
        for one in record["criteria"]:
            mark = bid["scores"].get(one["code"])
            if type(mark) is not int or not 0 <= mark <= 5:
                raise BadRecord(f"bid {bid['id']} has no mark from 0 to 5 for {one['code']}")
            parts.append((one["code"], mark, in_ten_thousandths(Fraction(one["weight"]) * mark / 5)))
        if not 0 <= bid["price_ex_vat_pence"] <= bid["price_inc_vat_pence"]:
            raise BadRecord(f"bid {bid['id']} has a price below 0, or one with VAT that is lower than without")
        quality = sum(score for _, _, score in parts)
        for_price = in_ten_thousandths(Fraction(record["price_weight"]) * share_of_price(record, price, prices))
        per_point = in_ten_thousandths(Fraction(price * TEN_THOUSAND, quality)) if by_point and quality else None
        lot = hashlib.sha256(f"{record['tie_seed']}:{bid['id']}".encode()).hexdigest()
        first = (per_point is None, per_point or 0) if by_point else (False, -(for_price + quality))
        ties = (-quality, price) if record["tie_rule"] == "quality_then_price" else (price, -quality)
        rows.append((first, ties, lot, bid, parts, quality, for_price, per_point))
    rows.sort(key=lambda row: row[:3])
    ranked = [
        {
            "rank": place,
            "bid_id": bid["id"],
            "supplier": bid["supplier"],
            "price_pence": bid[field],
            "price_score": as_text(for_price),
            "criteria": [{"code": code, "mark": mark, "score": as_text(score)} for code, mark, score in parts],
            "quality_score": as_text(quality),
            "total": as_text(for_price + quality),
            "price_per_point": None if per_point is None else as_text(per_point),
        }
        for place, (_, _, _, bid, parts, quality, for_price, per_point) in enumerate(rows, 1)
    ]
    return {"procurement_id": record["procurement_id"], "lot": record["lot"], "ranked": ranked, "left_out": left_out}


def print_table(made: dict[str, Any]) -> None:
    """The ranking for people."""
    print(f"Procurement {made['procurement_id']}, lot {made['lot']}")
    for row in made["ranked"]:
        per_point = "" if row["price_per_point"] is None else f", {row['price_per_point']} pence a point"
        print(
            f"{row['rank']:>3}. {row['total']:>9}  price {row['price_score']} ({row['price_pence']} pence{per_point}), "
            f"quality {row['quality_score']}  {row['supplier']} [{row['bid_id']}]"
        )
    for row in made["left_out"]:
        print(f"  -  left out: {row['supplier']} [{row['bid_id']}] {row['reason']}")


def main(arguments: list[str]) -> int:
    """Read a record from the file named, rank it and print that."""
    files = [one for one in arguments if one != "--json"]
    if len(files) != 1:
        print("usage: python rescore.py [--json] record.json", file=sys.stderr)
        return 2
    try:
        made = rank(json.loads(Path(files[0]).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, BadRecord) as error:
        print(f"the record cannot be ranked: {error}", file=sys.stderr)
        return 1
    if "--json" in arguments:
        print(json.dumps(made, indent=2, ensure_ascii=False))
    else:
        print_table(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
