"""The index as tantivy keeps it: which fields there are, and how a document becomes them."""

import msgspec
from tantivy import Document as Row
from tantivy import Index, Schema, SchemaBuilder

from becta.search.analysis import STEMS, WORDS, clean, code_form, codes_in, stem_analyzer, word_analyzer
from becta.search.cards import card_of, pack_card
from becta.search.documents import BadgeMark, Document
from becta.search.facets import facet_values
from becta.search.synonyms import stems_of
from becta.search.titles import heads
from becta.search.wishes import BETWEEN

# Raise whenever fields, analysis or the card change: an index of another version counts as none.
VERSION = 6

SEPARATOR = "\t"
ENTRY = "\n"
_LONGEST_ID = 256
_LONGEST_LABEL = 200
_DEAREST = 10**12 - 1
_LATEST = 10**13 - 1


def build() -> Schema:
    """The fields of the index."""
    fields = SchemaBuilder()
    fields.add_text_field("id", fast=True, tokenizer_name="raw", index_option="basic")
    fields.add_text_field("stamp", tokenizer_name="raw", index_option="basic")
    fields.add_bytes_field("card", stored=True)
    for name in ("all", "title", "lead"):
        fields.add_text_field(name, tokenizer_name=STEMS, index_option="position")
    fields.add_text_field("head", tokenizer_name=STEMS, index_option="freq")
    fields.add_text_field("category_name", tokenizer_name="raw", index_option="basic")
    fields.add_text_field("words", tokenizer_name=WORDS, index_option="basic")
    fields.add_text_field("code", tokenizer_name="raw", index_option="basic")
    for facet in FACET_FIELDS:
        fields.add_text_field(f"is_{facet}", tokenizer_name="raw", index_option="basic")
        fields.add_text_field(f"of_{facet}", fast=True, tokenizer_name="raw", index_option="basic")
    fields.add_text_field("badge_window", fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("badge_form", "badge_form_window"):
        fields.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for edge in ("badge_first_end", "badge_last_start"):
        fields.add_integer_field(edge, indexed=True, fast=True)
    fields.add_unsigned_field("price", indexed=True, fast=True)
    for order in ("by_price", "by_price_down", "by_newest", "by_title"):
        fields.add_text_field(order, fast=True, tokenizer_name="raw", index_option="basic")
    return fields.build()


FACET_FIELDS = ("kind", "category", "phase", "badge", "supplier", "price_band", "condition", "region")


# A facet whose values combine in hundreds of ways is quicker to count value by value.
_MANY_COMBINATIONS = frozenset({"region"})


def register_analysis(index: Index) -> None:
    """Teach an opened index our analyzers; tantivy does not keep them."""
    index.register_tokenizer(STEMS, stem_analyzer())
    index.register_tokenizer(WORDS, word_analyzer())


def facet_term(values: list[tuple[str, str]]) -> str:
    """Values as one term: in a large answer one term a document is counted much faster than several."""
    for value, _ in values:
        if SEPARATOR in value or ENTRY in value:
            msg = f"a facet value has no tab or line end: {value[:40]!r}"
            raise ValueError(msg)
    return ENTRY.join(
        value + SEPARATOR + label[:_LONGEST_LABEL].replace(SEPARATOR, " ").replace(ENTRY, " ")
        for value, label in sorted(values)
    )


def read_facet_term(term: str) -> list[tuple[str, str]]:
    """The (value, label) pairs in a term made by `facet_term`."""
    pairs = (entry.rpartition(SEPARATOR) for entry in term.split(ENTRY))
    return [(value, label) for value, _, label in pairs]


def stamp_of(document: Document) -> str:
    """The id and revision as one term."""
    return f"{document.revision}{SEPARATOR}{document.id}"


def read_stamp(term: str) -> tuple[str, int]:
    """The id and revision in a term made by `stamp_of`."""
    revision, _, document_id = term.partition(SEPARATOR)
    return document_id, int(revision)


def window_of(code: str, marks: list[BadgeMark]) -> str:
    """One term for all the spans in which a document has a badge: `code`, then from-until pairs."""
    spans = sorted({(mark.valid_from, mark.valid_until) for mark in marks}, key=lambda span: (span[0], span[1] or 0))
    return code + SEPARATOR + ",".join(f"{start}~{'' if end is None else end}" for start, end in spans)


def read_window(term: str) -> tuple[str, tuple[tuple[int, int | None], ...]]:
    """The badge code and the spans in a term made by `window_of`."""
    code, _, spans = term.rpartition(SEPARATOR)
    pairs = (span.split("~") for span in spans.split(","))
    return code, tuple((int(start), int(end) if end else None) for start, end in pairs)


def form_of(mark: BadgeMark) -> str:
    """One term for all that can be asked of a badge but its span; ValueError for what no question could name."""
    parts = (mark.code, mark.version, mark.role, mark.level)
    for part in parts:
        if SEPARATOR in part or ENTRY in part or BETWEEN in part:
            msg = f"a badge has no tab, line end or semicolon: {part[:40]!r}"
            raise ValueError(msg)
    return SEPARATOR.join(parts)


def read_form(term: str) -> BadgeMark:
    """The badge that a term made by `form_of` stands for, without its name, holder and span."""
    code, version, role, level = term.split(SEPARATOR)
    return BadgeMark(code=code, name="", level=level, holder="", version=version, role=role)


def row_of(document: Document) -> Row:
    """The document as tantivy takes it; raises ValueError if it cannot be taken, before anything is changed."""
    try:
        document = msgspec.convert(msgspec.to_builtins(document), Document)
        if not 0 < len(document.id) <= _LONGEST_ID:
            msg = f"a document id has 1 to {_LONGEST_ID} characters: {document.id[:40]!r}"
            raise ValueError(msg)
        if document.price_pence is not None and not 0 <= document.price_pence < _DEAREST:
            msg = f"a price is from 0 to {_DEAREST - 1} pence: {document.price_pence}"
            raise ValueError(msg)
        row = Row()
        _add_identity(row, document)
        _add_text(row, document)
        _add_facets(row, document)
        _add_orders(row, document)
    except (TypeError, OverflowError, msgspec.MsgspecError) as error:
        msg = f"a document cannot be indexed: {error}"
        raise ValueError(msg) from error
    return row


def _add_identity(row: Row, document: Document) -> None:
    row.add_text("id", document.id)
    row.add_text("stamp", stamp_of(document))
    row.add_bytes("card", pack_card(card_of(document)))


def _add_text(row: Row, document: Document) -> None:
    title = clean(document.title)
    model = clean(document.model)
    brand = clean(document.brand)
    makers = dict.fromkeys(part for part in (brand, clean(document.supplier)) if part)
    detail = [clean(document.summary), *map(clean, document.features)]
    facts = [
        clean(label) if value == "yes" else clean(f"{label} {value}") for label, value in document.attributes.items()
    ]
    row.add_text("title", title)
    row.add_text("head", " ".join(heads(title, brand)))
    row.add_text("category_name", " ".join(stems_of(clean(document.category_name))))
    row.add_text("lead", " ".join(detail))
    for part in (title, model, *makers, clean(document.category_name), *detail, clean(document.description), *facts):
        row.add_text("all", part)
    for part in (title, model, *makers, clean(document.category_name), *detail):
        row.add_text("words", part)
    own = [code_form(clean(code)) for code in (document.reference, document.model, *document.codes)]
    for code in dict.fromkeys(code for code in (*own, *codes_in(title)) if code):
        row.add_text("code", code)


def _add_facets(row: Row, document: Document) -> None:
    for facet in FACET_FIELDS:
        values = facet_values(document, facet)
        for value, _ in values:
            row.add_text(f"is_{facet}", value)
        together = [[pair] for pair in values] if facet in _MANY_COMBINATIONS else [values] if values else []
        for pairs in together:
            row.add_text(f"of_{facet}", facet_term(pairs))
    for code in {mark.code for mark in document.badges}:
        row.add_text("badge_window", window_of(code, [mark for mark in document.badges if mark.code == code]))
    _add_forms(row, document)
    ends = [mark.valid_until for mark in document.badges if mark.valid_until is not None]
    if ends:
        row.add_integer("badge_first_end", min(ends))
    if document.badges:
        row.add_integer("badge_last_start", max(mark.valid_from for mark in document.badges))
    if document.price_pence is not None:
        row.add_unsigned("price", document.price_pence)


def _add_forms(row: Row, document: Document) -> None:
    forms: dict[str, list[BadgeMark]] = {}
    for mark in document.badges:
        forms.setdefault(form_of(mark), []).append(mark)
    for form, marks in forms.items():
        row.add_text("badge_form", form)
        row.add_text("badge_form_window", window_of(form, marks))


def _add_orders(row: Row, document: Document) -> None:
    price = document.price_pence
    down = _DEAREST if price is None else _DEAREST - 1 - price
    row.add_text("by_price", f"{_DEAREST if price is None else price:012d}{document.id}")
    row.add_text("by_price_down", f"{down:012d}{document.id}")
    row.add_text("by_newest", f"{_LATEST - document.published_at:014d}{document.id}")
    row.add_text("by_title", f"{clean(document.title).casefold()[:200]}\x00{document.id}")
