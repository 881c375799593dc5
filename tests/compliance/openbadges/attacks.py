"""Ways to rewrite a signed credential so that the same statements are signed and a reader of the JSON is told others.

Each takes a signed credential and gives another whose plain canonical form, by pyld alone, is the same.
"""

import copy
from collections.abc import Callable
from typing import Any

from pyld import ContextResolver  # type: ignore[import-untyped]
from pyld.canon import URDNA2015  # type: ignore[import-untyped]
from pyld.jsonld import JsonLdProcessor  # type: ignore[import-untyped]

from becta.compliance.openbadges.contexts import VCDM_1, bundled_contexts

Badge = dict[str, Any]
Attack = Callable[[Badge], Badge]

W3C = "https://www.w3.org/2018/credentials#"
STATUS = "https://www.w3.org/ns/credentials/status#"
DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"
PROPERTY = "https://example.org/p"
NOTE = f"{W3C}validS"
"""A statement in another language whose line stands just before that of validUntil in the canonical form."""

UNNAMEABLE = (
    "https://evil.example/m allory", "mallory", "https://evil.example/\u00a0", "https://evil.example/\u2028m",
    "1:2", "é:1", "a_b:c", " urn:x:1",
)  # fmt: skip
"""Ids that RDF drops."""
UNWRITABLE = (
    "https://evil.example/<", "https://evil.example/>", 'https://evil.example/"', "https://evil.example/{m}",
    "https://evil.example/|", "https://evil.example/^", "https://evil.example/`", "https://evil.example/\\",
    "https://evil.example/\n", "urn:x:1\x7f ", "https://evil.example/\x00", "_:b",
)  # fmt: skip
"""Ids that N-Quads cannot write, or that nobody signs."""


def plain_quads(credential: Badge, base: str | None = None) -> str:
    """The canonical form as pyld alone makes it, with nothing refused."""
    found = bundled_contexts()

    def load(url: str, _options: object = None) -> Badge:
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": found[url]}

    options = {"base": base, "documentLoader": load, "contextResolver": ContextResolver({}, load)}
    unsigned = {name: value for name, value in credential.items() if name != "proof"}
    dataset = JsonLdProcessor().to_rdf(copy.deepcopy(unsigned), options | {"extractAllScripts": False})
    quads: str = URDNA2015().main(dataset, {"format": "application/n-quads"})
    return quads


def with_context(credential: Badge, definitions: Any) -> Badge:
    return credential | {"@context": [*credential["@context"], definitions]}


def without(credential: Badge, *names: str) -> Badge:
    return {name: value for name, value in credential.items() if name not in names}


def twin(credential: Badge, *names: str) -> Badge:
    """A second object that is the credential, with what is taken from it."""
    return {"id": credential["id"], "type": credential["type"], **{name: credential[name] for name in names}}


def dropped(inner: Any, bad: str = UNNAMEABLE[0]) -> Badge:
    """Evidence that RDF drops, and what is nested in it that RDF keeps."""
    return {"id": bad, "type": ["Evidence"], "name": "x", PROPERTY: inner}


def hide_in_evidence(*names: str, bad: str = UNNAMEABLE[0]) -> Attack:
    def attack(credential: Badge) -> Badge:
        hidden = dropped(twin(credential, *names), bad)
        changed = without(credential, *names)
        return changed | {"evidence": [*changed.get("evidence", []), hidden]}

    return attack


def hide_in_blank_property(*names: str) -> Attack:
    """RDF has no blank node for a property, so that only what the property leads to is kept."""

    def attack(credential: Badge) -> Badge:
        changed = with_context(without(credential, *names), {"secret": "_:p"})
        return changed | {"secret": twin(credential, *names)}

    return attack


def hide_in_included(*names: str) -> Attack:
    def attack(credential: Badge) -> Badge:
        changed = with_context(without(credential, *names), {"beside": "@included"})
        return changed | {"beside": [twin(credential, *names)]}

    return attack


def hide_in_nest(*names: str) -> Attack:
    def attack(credential: Badge) -> Badge:
        changed = with_context(without(credential, *names), {"inner": "@nest"})
        return changed | {"inner": {name: credential[name] for name in names}}

    return attack


def hide_in_alias(name: str, coercion: Badge) -> Attack:
    def attack(credential: Badge) -> Badge:
        changed = with_context(without(credential, name), {"alias": {"@id": W3C + name, **coercion}})
        return changed | {"alias": credential[name]}

    return attack


def hide_in_whole_iri(credential: Badge) -> Badge:
    end = {"@value": credential["validUntil"], "@type": DATE_TIME}
    return without(credential, "validUntil") | {f"{W3C}validUntil": end}


def hide_status_in_reverse(credential: Badge) -> Badge:
    """The status says that it is the credential's, not the credential that it has a status."""
    reverse = {"of": {"@reverse": f"{W3C}credentialStatus", "@type": "@id"}, "secret": "_:p"}
    entries = [entry | {"of": credential["id"]} for entry in credential["credentialStatus"]]
    return with_context(without(credential, "credentialStatus"), reverse) | {"secret": entries}


def hide_in_scoped_context(credential: Badge) -> Badge:
    """A property whose own context forgets ours and names the end anew."""
    names = {"i": "@id", "end": {"@id": f"{W3C}validUntil", "@type": DATE_TIME}}
    changed = with_context(without(credential, "validUntil"), {"secret": {"@id": "_:p", "@context": [None, names]}})
    return changed | {"secret": {"i": credential["id"], "end": credential["validUntil"]}}


def hide_in_id_map(credential: Badge) -> Badge:
    """A map whose keys are ids."""
    changed = with_context(without(credential, "validUntil"), {"map": {"@id": "_:p", "@container": "@id"}})
    return changed | {"map": {credential["id"]: {"validUntil": credential["validUntil"]}}}


def hide_in_language(credential: Badge) -> Badge:
    """A language tag stands in N-Quads without any escape, so that it can hold a whole further line.

    pyld makes tags lower case, so that it would hide only a line without capitals.
    """
    line = f'en .\n<{credential["id"]}> <{W3C}validUntil> "{credential["validUntil"]}"^^<{DATE_TIME}>'
    return without(credential, "validUntil") | {NOTE: {"@value": "x", "@language": line}}


def change_kind_of_status(credential: Badge) -> Badge:
    """A type that no reader knows by that name; a status of an unknown type is only a warning."""
    entries = []
    for entry in credential["credentialStatus"]:
        spelt = {STATUS + name: entry[name] for name in ("statusPurpose", "statusListIndex")}
        listed = {f"{STATUS}statusListCredential": {"id": entry["statusListCredential"]}}
        entries.append({"id": entry["id"], "type": STATUS + entry["type"], **spelt, **listed})
    return credential | {"credentialStatus": entries}


def forge_subject(bad: str) -> Attack:
    """Another subject and achievement, which nobody signed; the true ones are hidden."""

    def attack(credential: Badge) -> Badge:
        changed = hide_in_evidence("credentialSubject", bad=bad)(credential)
        achievement = credential["credentialSubject"]["achievement"] | {"id": bad + "2", "name": "Brain surgery"}
        achievement["criteria"] = {"id": bad + "3", "narrative": "None."}
        forged = {"id": bad, "type": ["AchievementSubject"], "achievement": achievement}
        return changed | {"credentialSubject": forged}

    return attack


def add_evidence(bad: str) -> Attack:
    def attack(credential: Badge) -> Badge:
        added = {"id": bad, "type": ["Evidence"], "name": "Forged"}
        return credential | {"evidence": [*credential["evidence"], added]}

    return attack


def rename_subject_by_prefix(credential: Badge) -> Badge:
    """An id that reads as another and that a context makes the true one."""
    true = credential["credentialSubject"]["id"]
    prefix = {"mailto": {"@id": true[:-10], "@prefix": True}}
    subject = credential["credentialSubject"] | {"id": f"mailto:{true[-10:]}"}
    return with_context(credential, prefix) | {"credentialSubject": subject}


def rename_subject_by_base(credential: Badge) -> Badge:
    true = credential["credentialSubject"]["id"]
    subject = credential["credentialSubject"] | {"id": true.rpartition("/")[2]}
    return with_context(credential, {"@base": true.rpartition("/")[0] + "/"}) | {"credentialSubject": subject}


def rename_issuer_by_prefix(credential: Badge) -> Badge:
    true = credential["issuer"]["id"]
    issuer = credential["issuer"] | {"id": "urn:" + true[8:]}
    return with_context(credential, {"urn": {"@id": true[:8], "@prefix": True}}) | {"issuer": issuer}


def move_name_of_issuer(credential: Badge) -> Badge:
    """What the issuer is called, told where the achievement's creator is named."""
    changed = copy.deepcopy(credential)
    name = changed["issuer"].pop("name")
    changed["credentialSubject"]["achievement"]["creator"]["name"] = name
    return changed


def hide_in_refresh_service(credential: Badge) -> Badge:
    """A thing that bears the credential's id honestly takes over what is said of the credential."""
    again = credential["refreshService"] | twin(credential, "validUntil")
    again["type"] = [credential["refreshService"]["type"], *credential["type"]]
    return without(credential, "validUntil") | {"refreshService": again}


def move_identity_of_status(credential: Badge) -> Badge:
    """The type of a status under a second entry of the same id."""
    changed = copy.deepcopy(credential)
    entry = changed["credentialStatus"][0]
    again = {"id": entry["id"], "type": entry["type"]}
    changed["credentialStatus"].insert(0, again)
    return changed


def drop_by_null(credential: Badge) -> Badge:
    """Evidence that is a value which is null, so that it is nothing."""
    changed = with_context(credential, {"v": "@value"})
    return changed | {"evidence": [*credential["evidence"], {"v": None, "type": "urn:x:Evidence", "madeUp": "Forged"}]}


def drop_by_language(credential: Badge) -> Badge:
    changed = with_context(credential, {"l": "@language"})
    return changed | {"evidence": [*credential["evidence"], {"l": "en", "madeUp": "Forged"}]}


def claim_older_version(credential: Badge) -> Badge:
    """Version 1 of the data model reads the end by another name."""
    return credential | {"@context": [VCDM_1, *credential["@context"][1:]]}


BY_ID, BY_DATE = {"@type": "@id"}, {"@type": DATE_TIME}
MOVABLE = ("validUntil", "validFrom", "credentialStatus", "evidence", "issuer", "credentialSubject")
HIDINGS: tuple[Callable[..., Attack], ...] = (
    hide_in_evidence, hide_in_blank_property, hide_in_included, hide_in_nest,
)  # fmt: skip

ATTACKS: dict[str, Attack] = {
    **{f"{hide.__name__} {name}": hide(name) for hide in HIDINGS for name in MOVABLE},
    "two at once": hide_in_evidence("validUntil", "credentialStatus"),
    **{f"subject {bad!r}": forge_subject(bad) for bad in UNNAMEABLE},
    **{f"evidence {bad!r}": add_evidence(bad) for bad in UNNAMEABLE},
    **{f"alias {name}": hide_in_alias(name, BY_DATE) for name in ("validUntil", "validFrom")},
    **{f"alias {name}": hide_in_alias(name, BY_ID) for name in ("credentialStatus", "evidence", "credentialSubject")},
    "whole IRI": hide_in_whole_iri,
    "reverse": hide_status_in_reverse,
    "scoped context": hide_in_scoped_context,
    "id map": hide_in_id_map,
    "kind of status": change_kind_of_status,
    "subject by prefix": rename_subject_by_prefix,
    "subject by base": rename_subject_by_base,
    "issuer by prefix": rename_issuer_by_prefix,
    "name of issuer": move_name_of_issuer,
    "refresh service": hide_in_refresh_service,
    "status twice": move_identity_of_status,
    "null": drop_by_null,
    "only a language": drop_by_language,
}
