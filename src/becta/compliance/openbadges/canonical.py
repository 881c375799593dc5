"""Canonical RDF (RDFC-1.0) of JSON-LD, with what the contexts do not define, within limits. Contexts are bundled."""

import hashlib
import threading
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec import Struct
from pyld import ContextResolver  # type: ignore[import-untyped]
from pyld.canon import URDNA2015  # type: ignore[import-untyped]
from pyld.jsonld import JsonLdError, JsonLdProcessor  # type: ignore[import-untyped]

from becta.compliance.openbadges.contexts import ContextMissing, bundled_contexts
from becta.compliance.openbadges.reading import Json, JsonObject, as_list

MOST_QUADS = 6_000
MOST_ALIKE = 6
"""Nodes without id that look alike beside one another: all their orders are tried, so six make 720."""
MOST_STEPS = 1_000
"""Comparisons of nodes without id, against data made to poison the canonicalisation (RDFC-1.0 section 7.1)."""

MOST_CONTEXTS = 100
"""Contexts named in a credential, counting those of its endorsements."""
CONTEXTS_KEPT = 500
"""Scoped contexts kept by a thread."""


class NotCanonical(Exception):
    """The JSON-LD is wrong or exceeds a limit. Says why."""


class Canonical(Struct, frozen=True, kw_only=True):
    """Canonical N-Quads, and the names that no context defines: a signature over the quads does not cover those."""

    quads: str
    undefined: tuple[str, ...]

    @property
    def digest(self) -> bytes:
        """SHA-256 of the quads."""
        return hashlib.sha256(self.quads.encode()).digest()


def canonicalise(document: JsonObject) -> Canonical:
    """RDFC-1.0 of a JSON-LD object; raises NotCanonical, or ContextMissing for a context that we do not carry."""
    processor = _Processor()
    try:
        dataset = processor.to_rdf(
            document,
            {
                "documentLoader": _load,
                "contextResolver": _resolver_for(document),
                "base": "",
                "extractAllScripts": False,
            },
        )
        if sum(len(quads) for quads in dataset.values()) > MOST_QUADS:
            raise NotCanonical(f"the credential makes more than {MOST_QUADS} statements")
        quads = _Canonicaliser().main(dataset, {"format": "application/n-quads"})
    except (JsonLdError, RecursionError) as error:
        raise _told(error) from None
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        # pyld trips over some malformed JSON-LD instead of naming it
        raise NotCanonical(f"the JSON-LD is malformed ({type(error).__name__})") from None
    return Canonical(quads=quads, undefined=tuple(sorted(processor.undefined())))


class _Processor(JsonLdProcessor):  # type: ignore[misc] # pyld has no types
    """pyld's processor, remembering what the expansion dropped and gave."""

    def __init__(self) -> None:
        self.dropped: set[str] = set()
        super().__init__(on_property_dropped=lambda name: self.dropped.add(str(name)))
        self.expanded: Any = None

    def _process_context(self, active_ctx: Any, local_ctx: Any, options: Any, **more: Any) -> Any:
        """Keep what a type's own context makes of a context: pyld alone would make it anew at each object."""
        kept = options["contextResolver"].by_type
        if more != {"propagate": False} or not isinstance(local_ctx, Mapping) or "_uuid" not in active_ctx:
            return super()._process_context(active_ctx, local_ctx, options, **more)
        key = (active_ctx["_uuid"], id(local_ctx))
        if key not in kept or kept[key][0] is not local_ctx:
            if len(kept) >= CONTEXTS_KEPT:
                kept.clear()
            kept[key] = (local_ctx, super()._process_context(active_ctx, local_ctx, options, **more))
        return kept[key][1]

    def expand(self, input_: Any, options: Any) -> Any:
        self.expanded = super().expand(input_, options)
        return self.expanded

    def undefined(self) -> set[str]:
        """Names of properties that were dropped, and relative ids and types, which RDF drops."""
        return self.dropped | {name for name in _names(self.expanded) if ":" not in name}


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for inner in node:
            yield from _names(inner)
    elif isinstance(node, dict):
        types = node.get("@type", []) if "@value" not in node else []
        yield from [types] if isinstance(types, str) else types
        if "@id" in node:
            yield str(node["@id"])
        for name, inner in node.items():
            if name not in {"@type", "@id", "@value"}:
                yield from _names(inner)


class _Canonicaliser(URDNA2015):  # type: ignore[misc] # pyld has no types
    """RDFC-1.0 that gives up on poisoned graphs."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0

    def hash_n_degree_quads(self, id_: str, issuer: Any) -> Any:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise NotCanonical("the credential has too many nodes without id that look alike")
        return super().hash_n_degree_quads(id_, issuer)

    def create_hash_to_related(self, id_: str, issuer: Any) -> Any:
        related = super().create_hash_to_related(id_, issuer)
        if any(len(alike) > MOST_ALIKE for alike in related.values()):
            raise NotCanonical("the credential has too many nodes without id that look alike")
        return related

    def modify_first_degree_component(self, id_: str, component: dict[str, str], _key: str) -> dict[str, str]:
        if component["type"] != "blank node":
            return component
        return {**component, "value": "_:a" if component["value"] == id_ else "_:z"}


class _Resolver(ContextResolver):  # type: ignore[misc] # pyld has no types
    """Keeps our contexts in processed form. pyld alone would serialise each scoped context anew to find it."""

    def __init__(self) -> None:
        super().__init__({}, _load)
        self.scoped: dict[int, tuple[object, Any]] = {}
        self.by_type: dict[tuple[str, int], tuple[object, Any]] = {}

    def resolve(self, active_ctx: Any, context: Any, base: Any, cycles: Any = None) -> Any:
        kept = self.scoped.get(id(context))
        if kept is not None and kept[0] is context:
            return kept[1]
        resolved = super().resolve(active_ctx, context, base, cycles)
        if isinstance(context, Mapping):
            if len(self.scoped) >= CONTEXTS_KEPT:
                self.scoped.clear()
            self.scoped[id(context)] = (context, resolved)
        return resolved


_per_thread = threading.local()  # pyld's caches are not safe to share


def _resolver_for(document: JsonObject) -> _Resolver:
    """The thread's resolver, or a fresh one for a document with contexts of its own, which must not fill the cache."""
    contexts = list(islice(_contexts_in(document), MOST_CONTEXTS + 1))
    if len(contexts) > MOST_CONTEXTS:
        raise NotCanonical(f"the credential names contexts more than {MOST_CONTEXTS} times")
    if not all(isinstance(context, str) for context in contexts):
        return _Resolver()
    kept = getattr(_per_thread, "resolver", None)
    if kept is None:
        kept = _per_thread.resolver = _Resolver()
    assert isinstance(kept, _Resolver)
    return kept


def _contexts_in(value: Json) -> Iterator[Json]:
    """Each entry of each `@context`, at every depth."""
    if isinstance(value, list):
        for inner in value:
            yield from _contexts_in(inner)
    elif isinstance(value, dict):
        yield from as_list(value.get("@context"))
        for name, inner in value.items():
            if name != "@context":
                yield from _contexts_in(inner)


def _load(url: str, _options: object = None) -> dict[str, Any]:
    found = bundled_contexts().get(url)
    if found is None:
        raise ContextMissing(url)
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": found,
        "tag": "static",
    }


def _told(error: BaseException) -> Exception:
    cause: BaseException | None = error
    last = error
    while cause is not None:
        if isinstance(cause, ContextMissing):
            return cause
        last, cause = cause, cause.__cause__
    return NotCanonical(f"the JSON-LD is wrong: {' '.join(str(last).split())[:160]}")
