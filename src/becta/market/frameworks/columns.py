"""What frameworks and applications keep in JSON columns, as the values it was."""

import msgspec

from becta.market.frameworks.declarations import Answer, Question
from becta.market.frameworks.entitlement import EntitledBuyers
from becta.market.frameworks.models import Framework, FrameworkApplication, FrameworkRound
from becta.market.frameworks.rules import Extended
from becta.market.frameworks.scoring import AwardCriterion, SelectionCriterion
from becta.market.frameworks.terms import ApplicationTerms, Response


def entitled_buyers(framework: Framework) -> EntitledBuyers:
    """Who may call off from a framework."""
    return msgspec.convert(framework.entitled, EntitledBuyers)


def questions_of(framework: Framework) -> tuple[Question, ...]:
    """What suppliers declare for a framework."""
    return msgspec.convert(framework.questions, tuple[Question, ...])


def selection_criteria_of(framework: Framework) -> tuple[SelectionCriterion, ...]:
    """The conditions of participation of a framework."""
    return msgspec.convert(framework.selection_criteria, tuple[SelectionCriterion, ...])


def award_criteria_of(framework: Framework) -> tuple[AwardCriterion, ...]:
    """What applications for a framework are scored on."""
    return msgspec.convert(framework.award_criteria, tuple[AwardCriterion, ...])


def criteria_of(framework: Framework) -> list[str]:
    """The codes of all criteria that suppliers respond to."""
    return [
        *(one.code for one in selection_criteria_of(framework)),
        *(one.code for one in award_criteria_of(framework)),
    ]


def extensions_of(row: FrameworkRound) -> tuple[Extended, ...]:
    """When the deadline of a round was put off, oldest first."""
    return msgspec.convert(row.extensions, tuple[Extended, ...])


def terms_of(application: FrameworkApplication) -> ApplicationTerms:
    """What an application says."""
    return ApplicationTerms(
        answers=msgspec.convert(application.answers, tuple[Answer, ...]),
        responses=msgspec.convert(application.responses, tuple[Response, ...]),
        share_code=application.share_code,
    )
