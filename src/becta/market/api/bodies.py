"""Reading bodies: whatever cannot be read as JSON is the sender's to mend, not an error of ours."""

from typing import Any

from litestar import Request
from litestar.exceptions import SerializationException


class JsonRequest(Request[Any, Any, Any]):
    """A request whose JSON may hold broken UTF-8 or be nested without end."""

    async def json(self) -> Any:
        """The body as JSON; raises SerializationException, which is answered with 400."""
        try:
            return await super().json()
        except UnicodeDecodeError as error:
            raise SerializationException("it is not UTF-8") from error
        except RecursionError as error:
            raise SerializationException("it is nested too deeply") from error
