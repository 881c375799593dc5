"""The application with a bare route beside it that returns given bytes and does nothing else: the peer to measure."""

from litestar import Litestar, Response, get
from litestar.params import FromPath

from becta.market.app import create_app as real_app
from becta.market.settings import settings

FOLDER = "bare"
"""Folder in DATA_DIR whose files the bare route returns."""


def create_app() -> Litestar:
    """The real application and `/bare/{name}`, answering from memory."""
    bodies = {path.name: path.read_bytes() for path in (settings().data_dir / FOLDER).iterdir()}

    @get("/bare/{name:str}", include_in_schema=False)
    async def bare(name: FromPath[str]) -> Response[bytes]:
        return Response(bodies[name], media_type="application/json")

    app = real_app()
    app.register(bare)
    return app
