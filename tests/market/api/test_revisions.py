"""Revisions: nobody overwrites what they have not seen, and nobody is sent twice what they have."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.api import CONTENT, REMANUFACTURED, ROOT, Api
from tests.support.badges import CYBER, accepted
from tests.support.watching import everything

from becta.market.wiring import House

Change = Callable[[Api, str], Any]


def _listing(step: str, body: Any = None, *before: str) -> Change:
    def change(api: Api, if_match: str) -> Any:
        product_id = api.draft(api.supplier())
        for earlier in before:
            api.post(f"/products/{product_id}/{earlier}")
        return lambda: api.post(f"/products/{product_id}/{step}", body, **{"If-Match": if_match})

    return change


def _edit(api: Api, if_match: str) -> Any:
    product_id = api.draft(api.supplier())
    return lambda: api.put(f"/products/{product_id}/draft", CONTENT["device"], **{"If-Match": if_match})


def _supplier(api: Api, if_match: str) -> Any:
    supplier_id = api.supplier()
    return lambda: api.put(f"/suppliers/{supplier_id}", {"name": "Larch Ltd"}, **{"If-Match": if_match})


def _offer(api: Api, if_match: str) -> Any:
    supplier_id = api.supplier()
    offer_id = api.offer(api.draft(supplier_id), supplier_id)["id"]
    body = {"terms": {"price_pence": 1, "unit": "each"}}
    return lambda: api.put(f"/offers/{offer_id}", body, **{"If-Match": if_match})


def _end(api: Api, if_match: str) -> Any:
    supplier_id = api.supplier()
    offer_id = api.offer(api.draft(supplier_id), supplier_id)["id"]
    return lambda: api.post(f"/offers/{offer_id}/end", **{"If-Match": if_match})


def _decision(api: Api, if_match: str) -> Any:
    claim_id = api.made(f"/suppliers/{api.supplier()}/badge-claims", CYBER)["id"]
    return lambda: api.post(f"/badge-claims/{claim_id}/decision", {"decision": "accepted"}, **{"If-Match": if_match})


CHANGES: dict[str, tuple[Change, int]] = {
    "edit": (_edit, 2),
    "submit": (_listing("submit"), 2),
    "publish": (_listing("publish", None, "submit"), 3),
    "return": (_listing("return", {"reasons": ["Too short"]}, "submit"), 3),
    "withdraw": (_listing("withdraw", {"reason": "Listed twice"}), 2),
    "amend": (_supplier, 1),
    "change offer": (_offer, 1),
    "end offer": (_end, 1),
    "decide": (_decision, 1),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_of_what_has_changed_since_is_refused_whole(api: Api, house: House, case: str) -> None:
    prepare, revision = CHANGES[case]
    change = prepare(api, f'"{revision + 7}"')
    stored = everything(house.db)

    answer = change()

    assert (answer.status_code, answer.json()["type"]) == (412, "/problems/changed-since")
    assert answer.json()["detail"].startswith(f"you have revision {revision + 7}, the current one is {revision}")
    assert everything(house.db) == stored


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_of_what_was_read_is_made_and_gives_the_next_revision(api: Api, case: str) -> None:
    prepare, revision = CHANGES[case]

    answer = prepare(api, f'"{revision}"')()

    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{revision + 1}"'


@pytest.mark.parametrize("malformed", ["3", "abc", 'W/"3"', '"3", "4"', '"-1"', '""', '"９"'])
def test_an_if_match_that_is_no_revision_is_refused_and_named(api: Api, house: House, malformed: str) -> None:
    product_id = api.draft(api.supplier())
    stored = everything(house.db)

    answer = api.client.put(
        f"{ROOT}/products/{product_id}/draft",
        json=CONTENT["device"],
        headers=[*api.headers.items(), (b"If-Match", malformed.encode())],
    )

    assert answer.status_code == 400
    assert [(error["parameter"], error["mend"]) for error in answer.json()["errors"]] == [
        ("If-Match", 'send the ETag you were given, such as "3"')
    ]
    assert everything(house.db) == stored


def test_if_match_star_and_none_at_all_take_whatever_is_there(api: Api) -> None:
    product_id = api.draft(api.supplier())

    assert api.put(f"/products/{product_id}/draft", CONTENT["device"], **{"If-Match": "*"}).status_code == 200
    assert api.put(f"/products/{product_id}/draft", CONTENT["device"]).status_code == 200


def test_a_product_one_has_is_not_sent_again_until_anything_of_it_changes(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    product_id = api.published(supplier_id)
    path = f"{ROOT}/products/{product_id}"
    tag = api.get(f"/products/{product_id}").headers["etag"]

    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        answer = api.client.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    house.relay.drain()  # whether from the view or from the tables, the answer is the same
    assert api.client.get(path, headers={"If-None-Match": tag}).status_code == 304

    for change in (
        lambda: api.offer(product_id, supplier_id, condition="remanufactured", remanufactured=REMANUFACTURED),
        lambda: api.put(f"/suppliers/{supplier_id}", {"name": "Larch Education"}),
        lambda: accepted(api, f"/suppliers/{supplier_id}"),
    ):
        change()
        answer = api.client.get(path, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.headers["etag"] != tag) == (200, True)
        tag = answer.headers["etag"]
