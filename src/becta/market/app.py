"""The web application: API, API browser and pages over one house."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, Contact, License, SecurityScheme

from becta import __version__
from becta.market.accounts.last_used import LastUsed
from becta.market.api import (
    audit,
    awards,
    badges,
    bids,
    commitments,
    conformance,
    evaluations,
    evidence,
    framework_applications,
    frameworks,
    health,
    ledger,
    offers,
    open_contracting,
    organisations,
    people,
    pledges,
    privacy,
    procurements,
    products,
    reference,
    schemes,
    schools,
    search,
    shortlists,
    standards,
    suppliers,
    tokens,
)
from becta.market.api.access import credentials
from becta.market.api.bodies import JsonRequest
from becta.market.api.well_known import WELL_KNOWN
from becta.market.limits import RateLimits
from becta.market.outbox.relay import Busy
from becta.market.settings import settings
from becta.market.web.site import Site, site
from becta.market.wiring import House, build

API = Router(
    path="/api/v1",
    route_handlers=[
        search.search,
        search.suggest,
        products.list_products,
        products.get_product,
        products.create_product,
        products.edit,
        products.submit,
        products.publish,
        products.send_back,
        products.withdraw,
        products.list_versions,
        products.list_listings,
        offers.list_offers,
        offers.get_offer,
        offers.create_offer,
        offers.change_offer,
        offers.end,
        suppliers.list_categories,
        standards.list_standards,
        standards.list_criteria,
        standards.get_standard,
        reference.get_standstill,
        reference.get_route,
        reference.list_thresholds,
        suppliers.list_suppliers,
        suppliers.get_supplier,
        suppliers.create_supplier,
        suppliers.amend,
        schools.list_schools,
        schools.get_school,
        badges.claim_for_supplier,
        badges.claim_for_product,
        badges.list_claims,
        badges.get_claim,
        badges.mend,
        badges.take,
        badges.release,
        badges.decide,
        badges.recheck,
        evidence.add,
        evidence.add_evidence_file,
        evidence.list_evidence,
        evidence.get_file,
        conformance.list_runners,
        conformance.ask,
        conformance.ask_endpoint,
        conformance.list_runs,
        conformance.get_run,
        conformance.get_run_quoted,
        ledger.get_badge,
        ledger.get_credential,
        ledger.get_credential_jwt,
        ledger.get_evidence_record,
        ledger.get_svg,
        ledger.get_png,
        ledger.get_status_list,
        ledger.product_badges,
        ledger.supplier_badges,
        ledger.verify_badge,
        schemes.get_scheme,
        schemes.put_scheme,
        schemes.list_scheme_versions,
        commitments.make,
        commitments.list_commitments,
        commitments.get_commitment,
        commitments.approve,
        commitments.decline,
        commitments.withdraw,
        shortlists.start,
        shortlists.list_shortlists,
        shortlists.get_shortlist,
        shortlists.amend,
        shortlists.add,
        shortlists.remove,
        shortlists.close,
        shortlists.archive,
        pledges.make,
        pledges.list_pledges,
        pledges.get_pledge,
        pledges.amend,
        pledges.withdraw,
        pledges.answer,
        pledges.get_tier_curve,
        pledges.get_savings,
        bids.name,
        bids.list_officers,
        bids.take_up,
        bids.make,
        bids.list_bids,
        bids.list_own,
        bids.withdraw,
        bids.get_file,
        bids.give,
        bids.add_outage,
        bids.list_outages,
        bids.verify,
        *evaluations.EVALUATIONS,
        *frameworks.FRAMEWORKS,
        *framework_applications.FRAMEWORK_APPLICATIONS,
        procurements.start,
        procurements.list_procurements,
        procurements.get_procurement,
        procurements.rewrite,
        procurements.list_members,
        procurements.ask_in,
        procurements.ask_to_bid,
        procurements.engage,
        procurements.assess,
        procurements.gather,
        procurements.ask_for_bids,
        procurements.ask_question,
        procurements.answer_question,
        procurements.amend,
        procurements.end,
        awards.decide,
        awards.reconsider_award,
        awards.summarise,
        awards.publish,
        awards.stand_still,
        awards.suspend,
        awards.go_on,
        awards.contract,
        awards.change,
        awards.end_one,
        awards.list_awards,
        awards.list_summaries,
        awards.list_contracts,
        awards.list_call_offs,
        awards.get_savings,
        *open_contracting.OPEN_CONTRACTING,
        audit.get_checkpoint,
        audit.list_checkpoints,
        audit.get_key,
        audit.get_consistency,
        audit.get_inclusion,
        audit.get_event,
        audit.get_proof,
        audit.get_history,
        privacy.list_personal_data,
        privacy.export_me,
        privacy.erase,
        people.get_me,
        people.accept,
        people.ask,
        people.list_own,
        people.list_join_requests,
        people.confirm,
        people.refuse,
        people.withdraw,
        organisations.get_organisation,
        organisations.list_members,
        organisations.change_roles,
        organisations.end,
        organisations.invite_somebody,
        organisations.list_invitations,
        organisations.withdraw,
        tokens.create,
        tokens.list_tokens,
        tokens.rotate,
        tokens.revoke,
    ],
)


def create_app(house: House | None = None, *, relay: bool = True) -> Litestar:
    """The application over a house, by default that of the settings; `relay` False leaves the outbox to a worker."""
    running = house or build(settings())
    pages = site(running)
    used = LastUsed(running.db)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        threads = ThreadPoolExecutor(running.settings.threads, thread_name_prefix="handler")
        asyncio.get_running_loop().set_default_executor(threads)
        if relay:
            with suppress(Busy):  # whoever holds the index mends it
                await asyncio.to_thread(running.projection.heal)
            running.relay.start()
        used.start()
        try:
            yield
        finally:
            await asyncio.to_thread(used.stop)
            await asyncio.to_thread(running.close)

    app = Litestar(
        route_handlers=[API, health.health, *WELL_KNOWN, *pages.routers],
        dependencies={
            "db": Provide(lambda: running.db, sync_to_thread=False),
            "engine": Provide(lambda: running.engine, sync_to_thread=False),
            "sealer": Provide(lambda: running.sealer, sync_to_thread=False),
            "ledger": Provide(lambda: running.ledger, sync_to_thread=False),
            "notary": Provide(lambda: running.notary, sync_to_thread=False),
            "desk": Provide(lambda: running.desk, sync_to_thread=False),
            "evidence_files": Provide(lambda: running.evidence_files, sync_to_thread=False),
            "artefacts": Provide(lambda: running.artefacts, sync_to_thread=False),
            "signer": Provide(lambda: running.signer, sync_to_thread=False),
            "settings": Provide(lambda: running.settings, sync_to_thread=False),
            "credentials": Provide(credentials, sync_to_thread=False),
        },
        exception_handlers=pages.exception_handlers,
        request_class=JsonRequest,
        lifespan=[lifespan],
        openapi_config=_openapi(pages),
        compression_config=CompressionConfig(backend="gzip", exclude=["^/api/", "^/bare/"]),
        state=State({"tokens_used": used, "db": running.db}),
        debug=False,
    )
    app.asgi_handler = RateLimits(app.asgi_handler, running.settings)  # as middleware it would not see unknown paths
    return app


def _openapi(pages: Site) -> OpenAPIConfig:
    bearer: Any = SecurityScheme(
        type="http",
        scheme="bearer",
        description="An API token, made on the page API tokens, at POST /api/v1/tokens, or by `market token`",
    )
    return OpenAPIConfig(
        title="BECTA 2.0 marketplace",
        version=__version__,
        summary="Edtech products, offers and badges that rest on evidence.",
        description="Prices are integer pence ex VAT. Errors are RFC 9457 problems. Lists are paged by `next` cursors.",
        contact=Contact(name="The maintainers"),
        license=License(name="MIT", identifier="MIT"),
        components=Components(security_schemes={"BearerToken": bearer}),
        openapi_router=pages.openapi_router,
        render_plugins=pages.render_plugins,
    )
