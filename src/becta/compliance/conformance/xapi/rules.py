"""Judges one xAPI statement by the tables of `checks`; every finding goes to a recorder, none is raised."""

from collections.abc import Callable, Mapping

from becta.compliance.conformance.reports import Recorder
from becta.compliance.conformance.xapi import formats
from becta.compliance.conformance.xapi.checks import (
    CONTEXT_ACTIVITIES,
    IDENTIFIERS,
    SHAPES,
    SIGNATURE,
    VOIDED,
    Edition,
)
from becta.compliance.conformance.xapi.interactions import interaction_faults, score_faults

Fields = Mapping[str, object]

_FORMATS: Mapping[str, tuple[Callable[[str], bool], str, str]] = {
    "uuid": (formats.is_uuid, "uuid", "is not a UUID"),
    "iri": (formats.is_iri, "iri", "is not an IRI with a scheme"),
    "language": (formats.is_language_tag, "language-tag", "is not a language tag"),
    "duration": (formats.is_duration, "duration", "is not an ISO 8601 duration such as PT4H35M59.14S"),
    "mailto": (formats.is_mailto, "mbox", "is not mailto: and an email address"),
    "sha1": (formats.is_sha1, "mbox-sha1sum", "is not a SHA-1 hash"),
    "sha2": (formats.is_sha2, "attachment-hash", "is not a SHA-2 hash"),
    "media-type": (formats.is_media_type, "attachment-type", "is not a media type"),
}
_TYPES: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "text": (str, "a string"),
    "boolean": (bool, "true or false"),
    "number": ((int, float), "a number"),
}


class StatementRules:
    """The rules of one edition, looking at statements of one file; `line` is that of the statement, if known."""

    def __init__(self, edition: Edition, recorder: Recorder, file: str) -> None:
        """Judge by an edition and tell a recorder."""
        self._edition = edition
        self._recorder = recorder
        self._file = file
        self._line: int | None = None
        self._ids: set[str] = set()
        self._shapes = {**SHAPES, "context": {**SHAPES["context"], **edition.context}}
        self._kinds: Mapping[str, Callable[[object, str], None]] = {
            "actor": self._actor,
            "member": self._member,
            "team": self._team,
            "authority": self._authority,
            "object": self._object,
            "definition": self._definition,
            "score": self._score,
            "context-activities": self._context_activities,
            "language-map": self._language_map,
            "extensions": self._extensions,
            "timestamp": self._timestamp,
            "version": self._version,
            "length": self._length,
            "attachment": self._attachment,
            "verb": self._verb,
        }

    def statement(self, value: object, at: str, line: int | None = None) -> None:
        """Judge a statement that stands at a JSON pointer, on a line if the file has one a line."""
        self._line = line
        fields = self._shaped("statement", value, at)
        if fields is None:
            return
        self._parts(fields, at)
        identifier = fields.get("id")
        if identifier is None and "id" not in fields:
            self._find("statement-id", "has no id, so that the store must make one", at)
        elif isinstance(identifier, str):
            if identifier.lower() in self._ids:
                self._find("duplicate-id", "has the id of an earlier statement", f"{at}/id", identifier)
            self._ids.add(identifier.lower())

    def _find(self, check: str, message: str, at: str, value: object = None) -> None:
        shown = value if isinstance(value, str | int | float) else None
        self._recorder.find(check, message, file=self._file, line=self._line, field=at or "/", value=shown)

    def _fields(self, value: object, at: str) -> Fields | None:
        if isinstance(value, dict):
            return value
        self._find("type", "must be an object", at, value)
        return None

    def _shaped(self, shape: str, value: object, at: str) -> Fields | None:
        """Judge an object by its table: its names, then each value by its kind."""
        fields = self._fields(value, at)
        if fields is None:
            return None
        properties = self._shapes[shape]
        for name, kind in properties.items():
            if kind.startswith("*") and name not in fields:
                self._find("required", f"has no {name}", at)
        lowered = {name.lower(): name for name in properties}
        for name, item in fields.items():
            here = formats.pointer(at, name)
            if name in properties:
                self._value(properties[name].removeprefix("*"), item, here)
            elif name.lower() in lowered:
                self._find("key-case", f"must be written {lowered[name.lower()]}", at, name)
            elif shape == "substatement" and name in {"id", "stored", "version", "authority"}:
                self._find("substatement-properties", "does not belong in a SubStatement", here)
            else:
                self._find("unknown-property", "has a property that is none of this part of a statement", at, name)
        return fields

    def _value(self, kind: str, value: object, at: str) -> None:
        if value is None:
            self._find("null", "is null", at)
        elif kind.endswith("[]"):
            self._list(kind[:-2], value, at)
        elif kind in self._kinds:
            if value == {}:
                self._find("empty-object", "is an empty object", at)
            self._kinds[kind](value, at)
        elif kind in _FORMATS:
            fits, check, fault = _FORMATS[kind]
            if not isinstance(value, str):
                self._find("type", "must be a string", at, value)
            elif not fits(value):
                self._find(check, fault, at, value)
        elif kind in _TYPES:
            types, wanted = _TYPES[kind]
            if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
                self._find("type", f"must be {wanted}", at, value)
        else:
            if value == {}:
                self._find("empty-object", "is an empty object", at)
            self._shaped(kind, value, at)

    def _list(self, kind: str, value: object, at: str) -> None:
        if not isinstance(value, list):
            self._find("type", "must be an array", at, value)
            return
        for index, item in enumerate(value):
            self._value(kind, item, f"{at}/{index}")

    def _parts(self, fields: Fields, at: str) -> None:
        """What a statement and a SubStatement have in common beyond their tables."""
        for name in ("actor", "verb", "object"):
            if name not in fields:
                self._find("statement-parts", f"has no {name}", at)
        thing = fields.get("object")
        kind = thing.get("objectType", "Activity") if isinstance(thing, dict) else None
        context = fields.get("context")
        if isinstance(context, dict) and kind in ("Agent", "Group", "StatementRef", "SubStatement"):
            for name in ("revision", "platform"):
                if name in context:
                    self._find("activity-context", "is only for statements about an activity", f"{at}/context/{name}")
        verb = fields.get("verb")
        if isinstance(verb, dict) and verb.get("id") == VOIDED and isinstance(thing, dict) and kind != "StatementRef":
            self._find("voiding", "must be a StatementRef, as the verb voids", f"{at}/object/objectType", kind)

    def _typed(self, fields: Fields, at: str, default: str, allowed: tuple[str, ...]) -> str | None:
        kind = fields.get("objectType", default)
        if isinstance(kind, str) and kind not in allowed:
            self._find("enumeration", f"must be {' or '.join(allowed)}", f"{at}/objectType", kind)
        return kind if isinstance(kind, str) and kind in allowed else None

    def _actor(self, value: object, at: str) -> None:
        fields = self._fields(value, at)
        if fields is None:
            return
        kind = self._typed(fields, at, "Agent", ("Agent", "Group"))
        self._shaped("group" if kind == "Group" else "agent", value, at)
        given = [name for name in IDENTIFIERS if name in fields]
        if len(given) > 1:
            self._find("identifier", f"has {len(given)} identifiers: {', '.join(given)}", at)
        elif not given and kind == "Group":
            if not fields.get("member"):
                self._find("group-members", "has neither identifier nor members", at)
        elif not given:
            self._find("identifier", f"has none of {', '.join(IDENTIFIERS)}", at)

    def _member(self, value: object, at: str) -> None:
        if isinstance(value, dict) and value.get("objectType") == "Group":
            self._find("group-nesting", "is a group within a group", at)
        else:
            self._actor(value, at)

    def _team(self, value: object, at: str) -> None:
        if isinstance(value, dict) and value.get("objectType", "Agent") == "Agent":
            self._find("context-team", "must be a group", at)
        self._actor(value, at)

    def _authority(self, value: object, at: str) -> None:
        self._actor(value, at)
        if isinstance(value, dict) and value.get("objectType") == "Group":
            members = value.get("member")
            if not isinstance(members, list) or len(members) != 2:
                self._find("authority", "is a group, but not of two agents", at)

    def _object(self, value: object, at: str) -> None:
        fields = self._fields(value, at)
        if fields is None:
            return
        if "objectType" not in fields and "id" not in fields and any(name in fields for name in IDENTIFIERS):
            self._find("object-type", "must say that it is an Agent or a Group", at)
            self._actor(value, at)
            return
        kinds = ("Activity", "Agent", "Group", "StatementRef", "SubStatement")
        kind = self._typed(fields, at, "Activity", kinds)
        if kind in {"Agent", "Group"}:
            self._actor(value, at)
        elif kind == "StatementRef":
            self._shaped("reference", value, at)
        elif kind == "SubStatement":
            self._substatement(fields, at)
        elif kind == "Activity" or not isinstance(fields.get("objectType"), str):
            self._shaped("activity", value, at)

    def _substatement(self, fields: Fields, at: str) -> None:
        inner = fields.get("object")
        if isinstance(inner, dict) and inner.get("objectType") == "SubStatement":
            self._find("substatement-nesting", "is a SubStatement within a SubStatement", f"{at}/object")
            fields = {name: value for name, value in fields.items() if name != "object"} | {"object": {"id": "x:x"}}
        self._shaped("substatement", fields, at)
        self._parts(fields, at)

    def _verb(self, value: object, at: str) -> None:
        fields = self._shaped("verb", value, at)
        if fields is not None and "display" not in fields and fields:
            self._find("verb-display", "has no display", at)

    def _definition(self, value: object, at: str) -> None:
        fields = self._shaped("definition", value, at)
        if fields is not None:
            for check, message, below, shown in interaction_faults(fields):
                self._find(check, message, f"{at}{below}", shown)

    def _score(self, value: object, at: str) -> None:
        for check, message, below, shown in score_faults(self._shaped("score", value, at) or {}):
            self._find(check, message, f"{at}{below}", shown)

    def _context_activities(self, value: object, at: str) -> None:
        for name, item in (self._fields(value, at) or {}).items():
            here = formats.pointer(at, name)
            if name not in CONTEXT_ACTIVITIES:
                self._find("context-activities", f"holds what is none of {', '.join(CONTEXT_ACTIVITIES)}", at, name)
            elif isinstance(item, list):
                for index, activity in enumerate(item):
                    self._activity(activity, f"{here}/{index}")
            else:
                if isinstance(item, dict):
                    self._find("context-activities-list", "is a single activity, not an array", here)
                self._activity(item, here)

    def _activity(self, value: object, at: str) -> None:
        if isinstance(value, dict):
            self._typed(value, at, "Activity", ("Activity",))
        self._value("activity", value, at)

    def _language_map(self, value: object, at: str) -> None:
        for tag, text in (self._fields(value, at) or {}).items():
            known = formats.is_language_tag(tag)
            if not known:
                self._find("language-tag", "has a key that is not a language tag", at, tag)
            self._value("text", text, formats.pointer(at, tag) if known else at)

    def _extensions(self, value: object, at: str) -> None:
        for key in self._fields(value, at) or {}:
            if not formats.is_iri(key):
                self._find("extension-key", "has a key that is not an IRI with a scheme", at, key)

    def _timestamp(self, value: object, at: str) -> None:
        if not isinstance(value, str):
            self._find("type", "must be a string", at, value)
            return
        how = formats.instant(value)
        if how is formats.Instant.NONE:
            self._find("timestamp", "is not a timestamp such as 2026-01-31T09:30:00Z", at, value)
        elif how is formats.Instant.ISO_8601:
            lack = "is not in the form of RFC 3339" if formats.has_zone(value) else "has no time zone"
            self._find("timestamp-format", lack, at, value)

    def _version(self, value: object, at: str) -> None:
        if not isinstance(value, str):
            self._find("type", "must be a string", at, value)
        elif not self._edition.takes(value):
            self._find("version", f"is not a version that xAPI {self._edition.name} takes", at, value)
        elif value != self._edition.set_version:
            self._find("version-set", f"should be {self._edition.set_version}, or be left out", at, value)

    def _length(self, value: object, at: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._find("type", "must be a number", at, value)
        elif value < 0 or value != int(value):
            self._find("attachment-length", "is not a whole number of octets", at, value)

    def _attachment(self, value: object, at: str) -> None:
        fields = self._shaped("attachment", value, at)
        if fields is not None and fields.get("usageType") == SIGNATURE:
            media = fields.get("contentType")
            if isinstance(media, str) and formats.is_media_type(media) and media != "application/octet-stream":
                self._find("signature-type", "must be application/octet-stream", f"{at}/contentType", media)
