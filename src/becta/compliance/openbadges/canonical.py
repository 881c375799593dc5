"""Canonical RDF (RDFC-1.0) of JSON-LD, with what the contexts do not define, within limits. Contexts are bundled."""

import hashlib
import threading
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec import Struct
from pyld import ContextResolver  # type: ignore[import-untyped]
from pyld.canon import URDNA2015  # type: ignore[import-untyped]
from pyld.identifier_issuer import IdentifierIssuer  # type: ignore[import-untyped]
from pyld.jsonld import JsonLdError, JsonLdProcessor  # type: ignore[import-untyped]

from becta.compliance.openbadges.contexts import ContextMissing, bundled_contexts
from becta.compliance.openbadges.effort import Effort, NotCanonical
from becta.compliance.openbadges.reading import Json, JsonObject, as_list
from becta.compliance.openbadges.statements import check_statements

MOST_QUADS = 6_000
MOST_ALIKE = 6
"""Nodes without id that look alike beside one another: all their orders are tried, so six make 720."""

LEAST_STEPS = 10
"""Steps that every document takes."""
MOST_CONTEXTS = 100
"""Contexts named in a credential, counting those of its endorsements."""
CONTEXTS_KEPT = 500
"""Scoped contexts kept by a thread."""


class Canonical(Struct, frozen=True, kw_only=True):
    """Canonical N-Quads, the names that no context defines, which a signature over the quads does not cover, and the
    expanded document, which says in whole IRIs what it does cover."""

    quads: str
    undefined: tuple[str, ...]
    expanded: Json

    @property
    def digest(self) -> bytes:
        """SHA-256 of the quads."""
        return hashlib.sha256(self.quads.encode()).digest()


def canonicalise(document: JsonObject, effort: Effort | None = None) -> Canonical:
    """RDFC-1.0 of a JSON-LD object; raises NotCanonical, or ContextMissing for a context that we do not carry.

    NotCanonical also for anything that RDF would drop, and once the effort is spent.
    """
    effort = effort or Effort()
    effort.spend(LEAST_STEPS)
    processor = _Processor(effort)
    try:
        dataset = processor.to_rdf(
            document,
            {
                "documentLoader": _load,
                "contextResolver": _resolver_for(document),
                "base": None,
                "extractAllScripts": False,
            },
        )
        count = sum(len(quads) for quads in dataset.values())
        if count > MOST_QUADS:
            raise NotCanonical(f"the credential makes more than {MOST_QUADS} statements")
        effort.spend(count)
        quads = _Canonicaliser(effort).main(dataset, {"format": "application/n-quads"})
    except (JsonLdError, RecursionError) as error:
        raise _told(error) from None
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        # pyld trips over some malformed JSON-LD instead of naming it
        raise NotCanonical(f"the JSON-LD is malformed ({type(error).__name__})") from None
    return Canonical(quads=quads, undefined=tuple(sorted(processor.dropped)), expanded=processor.expanded)


class _Processor(JsonLdProcessor):  # type: ignore[misc] # pyld has no types
    """pyld's processor, counting its steps and remembering what the expansion dropped and gave."""

    def __init__(self, effort: Effort) -> None:
        self.dropped: set[str] = set()
        super().__init__(on_property_dropped=lambda name: self.dropped.add(str(name)))
        self.effort = effort
        self.expanded: Any = None

    def _expand(self, active_ctx: Any, active_property: Any, element: Any, options: Any, **more: Any) -> Any:
        self.effort.spend()
        found = super()._expand(active_ctx, active_property, element, options, **more)
        if found is None and element is not None:
            raise NotCanonical("a value means nothing, so that no signature covers it")
        return found

    def _create_term_definition(self, *given: Any, **more: Any) -> Any:
        self.effort.spend()
        return super()._create_term_definition(*given, **more)

    def _clone_active_context(self, active_ctx: Any) -> Any:
        self.effort.spend(1 + len(active_ctx["mappings"]) // 50)
        return super()._clone_active_context(active_ctx)

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
        check_statements(self.expanded)
        return self.expanded


class _Issuer(IdentifierIssuer):  # type: ignore[misc] # pyld has no types
    """Labels of blank nodes, whose every copy, one for each order that is tried, is a step or more."""

    effort: Effort

    def __deepcopy__(self, _memo: object) -> "_Issuer":
        return _counted(self, self.effort)


def _counted(issuer: Any, effort: Effort) -> _Issuer:
    effort.spend(1 + len(issuer.order) // 20)
    copied = _Issuer(issuer.prefix)
    copied.counter, copied.existing, copied.order = issuer.counter, issuer.existing.copy(), issuer.order.copy()
    copied.effort = effort
    return copied


class _Canonicaliser(URDNA2015):  # type: ignore[misc] # pyld has no types
    """RDFC-1.0 that gives up on poisoned graphs (RDFC-1.0 section 7.1)."""

    def __init__(self, effort: Effort) -> None:
        super().__init__()
        self.effort = effort

    def hash_n_degree_quads(self, id_: str, issuer: Any) -> Any:
        self.effort.spend(2)
        counted = issuer if isinstance(issuer, _Issuer) else _counted(issuer, self.effort)
        return super().hash_n_degree_quads(id_, counted)

    def hash_related_blank_node(self, related: str, quad: Any, issuer: Any, position: str) -> Any:
        self.effort.spend()
        return super().hash_related_blank_node(related, quad, issuer, position)

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
