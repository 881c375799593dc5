"""HTTP to issuers: short waits, no redirects, and never more than a megabyte of an answer."""

import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import httpx2
import msgspec

WAIT_SECONDS = 5.0
WHOLE_SECONDS = 15.0
"""How long an answer may take to arrive, however steadily it trickles."""
LARGEST_ANSWER = 1_000_000


class Unanswered(Exception):
    """An issuer did not answer, or not with what was asked for. The text holds neither secrets nor personal data."""


class Fetcher:
    """Fetches JSON."""

    @cached_property
    def _client(self) -> httpx2.Client:
        return httpx2.Client(timeout=WAIT_SECONDS, follow_redirects=False, headers={"Accept": "application/json"})

    def get(self, address: str) -> dict[str, Any]:
        """The JSON object at an address; raises Unanswered."""
        return self._fetch("GET", address)

    def post(
        self,
        address: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The JSON object a POST is answered with; raises Unanswered."""
        return self._fetch("POST", address, data=form, json=json, headers=headers)

    def close(self) -> None:
        """Let go of connections."""
        if "_client" in self.__dict__:
            self._client.close()

    def _fetch(self, method: str, address: str, **given: Any) -> dict[str, Any]:
        body = bytearray()
        until = time.monotonic() + WHOLE_SECONDS
        try:
            with self._client.stream(method, address, **given) as answer:
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) > LARGEST_ANSWER or time.monotonic() > until:
                        raise Unanswered("the answer is too long")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unanswered(type(error).__name__) from None
        if answer.status_code != httpx2.codes.OK:
            raise Unanswered(f"the answer has status {answer.status_code}")
        try:
            return msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Unanswered("the answer is not a JSON object") from None
