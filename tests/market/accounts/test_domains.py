"""Whose an e-mail address is: what somebody registered for themselves, and never what everybody may use."""

import csv
import gzip
from collections import Counter, defaultdict

import pytest
from tests.support.shared import shared_data

from becta.market.accounts.domains import (
    MOST_OWNERS,
    address_belongs,
    address_domain,
    owners_of,
    proper_email,
    website_domain,
)


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.oak.kent.sch.uk/contact?x=1", "oak.kent.sch.uk"),
        ("www.oak.kent.sch.uk", "oak.kent.sch.uk"),
        ("HTTP://WWW.OAK.KENT.SCH.UK", "oak.kent.sch.uk"),
        ("oakschool.org.uk:8080/path", "oakschool.org.uk"),
        ("https://swinton.coopacademies.co.uk", "coopacademies.co.uk"),
        ("http://http:www.leghvale.st-helens.sch.uk/", "leghvale.st-helens.sch.uk"),
        ("https://oak.school", "oak.school"),
        ("https://oakschool.org.uk.", "oakschool.org.uk"),
        ("https://staff@oakschool.org.uk/", "oakschool.org.uk"),
        # where anybody is, or nobody
        ("http://kent.sch.uk", None),
        ("sch.uk", None),
        ("http://org.uk", None),
        ("https://sites.google.com/view/oak", None),
        ("https://oakschool.wordpress.com", None),
        ("https://www.facebook.com/oakschool", None),
        ("http://www.oak.eschools.co.uk", None),
        ("https://www.hants.gov.uk/oak", None),
        ("Not Available", None),
        ("http://?mansfieldgreenacademy.e-act.org.uk/", None),
        ("http://[::1", None),
        ("http://127.0.0.1/", None),
        ("http://localhost", None),
        ("", None),
        (None, None),
    ],
)
def test_the_domain_of_a_website_is_what_somebody_registered(website: str | None, domain: str | None) -> None:
    assert website_domain(website) == domain


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("ann@oak.kent.sch.uk", "oak.kent.sch.uk"),
        ("ann@mail.staff.oak.kent.sch.uk", "oak.kent.sch.uk"),
        ("ann@oakschool.org.uk", "oakschool.org.uk"),
        ("ann@gmail.com", None),
        ("ann@googlemail.com", None),
        ("ann@hotmail.co.uk", None),
        ("ann@outlook.com", None),
        ("ann@yahoo.co.uk", None),
        ("ann@icloud.com", None),
        ("ann@btinternet.com", None),
        ("ann@eu.mail.yahoo.com", None),
        ("ann@kent.sch.uk", None),
        ("ann@co.uk", None),
        ("ann@hants.gov.uk", None),
        ("ann", None),
    ],
)
def test_the_domain_of_an_address_is_none_where_anybody_gets_one(email: str, domain: str | None) -> None:
    assert address_domain(email) == domain


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Ann.Oak@Oak.Kent.Sch.UK ", "ann.oak@oak.kent.sch.uk"),
        ("o'neil+x@oak.org.uk", "o'neil+x@oak.org.uk"),
        ("ann@oak", None),
        ("ann@@oak.org.uk", None),
        ("ann@oak..uk", None),
        ("ann@-oak.org.uk", None),
        ("ann smith@oak.org.uk", None),
        ("ann@oak.org.uk\r\nBcc: x@y.org", None),
        ("<ann@oak.org.uk>", None),
        ("josé@school.kent.sch.uk", None),
        ("o\u2019neil@oak.org.uk", None),
        ("a@oak.org.uk,b@oak.org.uk", None),
        ("ann@127.0.0.1", None),
        ("@oak.org.uk", None),
        (f"{'a' * 65}@oak.org.uk", None),
        (f"ann@{'a.' * 125}org", None),
        ("ann@oak\u2024org.uk", None),
    ],
)
def test_an_address_is_kept_in_one_form_or_not_taken(given: str, kept: str | None) -> None:
    assert proper_email(given) == kept


def test_an_address_belongs_to_the_school_whose_domain_it_has_or_to_its_trusts() -> None:
    own = ["http://www.oak.kent.sch.uk"]

    assert address_belongs("ann@oak.kent.sch.uk", own)
    assert address_belongs("ann@staff.oak.kent.sch.uk", own)
    assert not address_belongs("ann@elm.kent.sch.uk", own)
    assert not address_belongs("ann@kent.sch.uk", own)
    assert not address_belongs("ann@notoak.kent.sch.uk", own)
    assert not address_belongs("ann@oak.kent.sch.uk.example.org", own)
    assert not address_belongs("ann@gmail.com", ["https://gmail.com", "https://www.gmail.com/oak"])
    assert not address_belongs("ann@example.org", [None, "", "Not Available"])
    assert not address_belongs("ann@gmail.com", [None])
    # two schools of a trust share a domain: it is the trust's; of a single one it is that school's
    assert address_belongs("ann@larch.org.uk", own, ["elm.larch.org.uk", "https://ash.larch.org.uk", None])
    assert not address_belongs("ann@elm.org.uk", own, ["https://elm.org.uk", "https://ash.org.uk"])
    # but what everybody shares is nobody's
    assert address_belongs("ann@oak.kent.sch.uk", own, owners=MOST_OWNERS)
    assert not address_belongs("ann@oak.kent.sch.uk", own, owners=MOST_OWNERS + 1)


def test_owners_are_counted_by_trust_and_only_of_the_very_domain() -> None:
    listed = [("a.larch.org.uk", 1), ("b.larch.org.uk", 1), ("www.larch.org.uk", "urn:3"), ("notlarch.org.uk", 4)]

    assert owners_of("larch.org.uk", listed) == 2
    assert owners_of("elm.org.uk", listed) == 0


def test_the_real_register_gives_nearly_every_school_with_a_website_a_domain_of_its_own() -> None:
    owners, schools, named = defaultdict(set), Counter[str](), 0
    with gzip.open(shared_data("gias/schools_england_current.csv.gz"), "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            named += bool(row["website"])
            domain = website_domain(row["website"])
            if domain is not None:
                owners[domain].add(row["trust_uid"] or f"urn:{row['urn']}")
                schools[domain] += 1

    shared = {domain: len(held) for domain, held in owners.items() if len(held) > MOST_OWNERS}
    assert named == 19_720
    assert sum(schools.values()) > 0.98 * named  # the list of suffixes changes from release to release
    assert shared == {
        "cambiangroup.com": 27,
        "priorychildrensservices.co.uk": 19,
        "gdst.net": 18,
        "oneschoolglobal.com": 16,
        "keys-group.co.uk": 12,
        "taw.org.uk": 10,
        "eriding.net": 9,
    }
    assert not {"sch.uk", "kent.sch.uk", "co.uk", "org.uk", "google.com", "gmail.com"} & set(schools)
    assert sum(schools[domain] for domain in shared) < 0.01 * named
