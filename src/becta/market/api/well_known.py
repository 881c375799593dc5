"""Keys of ours where the world looks for them: the DID document, the JWKS, and the LTI platform's key set."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from becta.market.api.access import PUBLIC
from becta.market.api.ledger import OPEN, TheLedger
from becta.market.conformance.desk import Desk

TheDesk = NamedDependency[SkipValidation[Desk]]


@get("/.well-known/did.json", sync_to_thread=True, operation_id="get_did", opt={"access": PUBLIC}, tags=["keys"])
def did(ledger: TheLedger) -> Response[dict[str, Any]]:
    """The DID document of this marketplace as an issuer of badges (did:web)."""
    return Response(dict(ledger.did_document()), media_type="application/did+json", headers=OPEN)


@get("/.well-known/jwks.json", sync_to_thread=True, operation_id="get_jwks", opt={"access": PUBLIC}, tags=["keys"])
def jwks(ledger: TheLedger) -> Response[dict[str, Any]]:
    """The keys that sign badges, as a JSON Web Key Set."""
    return Response(dict(ledger.jwks()), headers=OPEN)


@get("/lti/jwks.json", sync_to_thread=True, operation_id="get_lti_jwks", opt={"access": PUBLIC}, tags=["keys"])
def lti_jwks(desk: TheDesk) -> Response[dict[str, Any]]:
    """The keys with which the simulated LTI platform of our conformance runs signs its launches."""
    return Response(dict(desk.lti_keys()), headers=OPEN)


WELL_KNOWN = [did, jwks, lti_jwks]
