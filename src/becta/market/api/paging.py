"""Lists: a page of items, an opaque cursor to the next, and a Link header (RFC 8288)."""

from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from litestar import Request
from litestar.params import QueryParameter
from msgspec import Struct

from becta.kernel.paging import decode_cursor, encode_cursor

T = TypeVar("T")

Limit = Annotated[int, QueryParameter(ge=1, le=100, description="How many items at most")]
CursorParameter = Annotated[
    str | None, QueryParameter(max_length=400, description="The `next` of the page before; leave out to start")
]


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """Items in a stable order, and the cursor of the next page, None on the last."""

    items: list[T]
    next: str | None


def start_after(cursor: str | None, bound_to: str) -> UUID | None:
    """The id a page starts after; raises Invalid for a cursor of another list."""
    return None if cursor is None else decode_cursor(cursor, bound_to, UUID)


def next_cursor(ids: list[UUID], limit: int, bound_to: str) -> str | None:
    """The cursor after the page's last item; `ids` holds one more than `limit` when there is a next page."""
    return encode_cursor(bound_to, ids[limit - 1]) if len(ids) > limit else None


def link_header(request: Request[Any, Any, Any], cursor: str | None) -> dict[str, str]:
    """The Link header that leads to the next page."""
    if cursor is None:
        return {}
    query: str = request.scope["query_string"].decode("latin-1")
    kept = [part for part in query.split("&") if part and not part.startswith("cursor=")]
    return {"Link": f'<{request.scope["path"]}?{"&".join([*kept, f"cursor={cursor}"])}>; rel="next"'}
