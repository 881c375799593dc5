"""The OpenAPI description: it is as committed, and the application keeps to it whatever it is sent."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from litestar.testing import TestClient
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode
from tests.support.api import REMANUFACTURED, ROOT, Api
from tests.support.badges import CYBER

SNAPSHOT = Path(__file__).with_name("openapi.json")
METHODS = ("get", "post", "put", "patch", "delete")
ORIGIN = "http://testserver.local"
EXAMPLES = 15
load_all_checks()
KEPT = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)


def described(client: TestClient) -> dict[str, Any]:
    """The API's own paths; pages and problem types are not part of the contract."""
    document: dict[str, Any] = client.get("/schema/openapi.json").json()
    document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith(ROOT)}
    return document


def operations() -> list[str]:
    """Every operation of the committed description."""
    paths: dict[str, dict[str, Any]] = json.loads(SNAPSHOT.read_text("utf-8"))["paths"] if SNAPSHOT.exists() else {}
    return sorted(item[method]["operationId"] for item in paths.values() for method in METHODS if method in item)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_description_is_as_committed(client: TestClient) -> None:
    """What changed for those who call the API is seen in review. UPDATE_SNAPSHOT=1 writes the new one."""
    text = json.dumps(described(client), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOT") == "1":
        SNAPSHOT.write_text(text, "utf-8")
    assert SNAPSHOT.read_text("utf-8") == text, (
        "the API's description changed; if that was meant: UPDATE_SNAPSHOT=1 pytest tests/market/api/test_openapi.py"
    )


class Stage:
    """An application with one of everything, so that random requests meet real things too."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.schema = schemathesis.openapi.from_dict(described(api.client))
        supplier = api.supplier()
        product = api.published(supplier)
        offer = api.offer(product, supplier, condition="remanufactured", remanufactured=REMANUFACTURED)
        claim = api.made(f"/suppliers/{supplier}/badge-claims", CYBER)
        self.ids = {"supplier_id": supplier, "product_id": product, "offer_id": offer["id"], "claim_id": claim["id"]}


@pytest.fixture(scope="module")
def stage(shared_api: Api) -> Stage:
    """One application for all operations; what one of them does is another's circumstance."""
    return Stage(shared_api)


@pytest.mark.parametrize("operation_id", operations())
def test_nothing_sent_to_an_operation_is_answered_otherwise_than_described(stage: Stage, operation_id: str) -> None:
    operation = stage.schema.find_operation_by_id(operation_id)
    turns = iter(range(10_000))

    @seed(2026)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode]))
    def keeps_to_the_description(case: schemathesis.Case) -> None:
        if next(turns) % 3:  # two in three are about something that is there
            case.path_parameters = {
                name: str(stage.ids.get(name, value)) for name, value in case.path_parameters.items()
            }
        sent = requests.Request(**case.as_transport_kwargs(base_url=ORIGIN, headers=stage.api.headers)).prepare()
        assert sent.method is not None
        answer = stage.api.client.request(sent.method, str(sent.url), headers=dict(sent.headers), content=sent.body)
        case.validate_response(answer, checks=KEPT)

    keeps_to_the_description()
