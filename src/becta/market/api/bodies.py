"""Reading bodies: whatever cannot be read as JSON is the sender's to mend, not an error of ours."""

from typing import Any

from litestar import Request
from litestar.datastructures import FormMultiDict
from litestar.exceptions import ClientException, SerializationException


class JsonRequest(Request[Any, Any, Any]):
    """A request whose JSON may be broken UTF-8 or nested without end, and whose form may be in no encoding we know."""

    async def json(self) -> Any:
        """The body as JSON; raises SerializationException, which is answered with 400."""
        try:
            return await super().json()
        except UnicodeDecodeError as error:
            raise SerializationException("it is not UTF-8") from error
        except RecursionError as error:
            raise SerializationException("it is nested too deeply") from error

    async def form(self) -> FormMultiDict:
        """The body as a form; raises ClientException, which is answered with 400."""
        try:
            return await super().form()
        except (LookupError, UnicodeError) as error:
            raise ClientException(detail="the form is in an encoding that cannot be read; send UTF-8") from error
