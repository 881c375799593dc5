"""What the reference data of the advice hold. Days: `effective_to` is the first day something is no longer in force."""

from datetime import date
from enum import StrEnum

from msgspec import Struct

from becta.compliance.standards.entries import Certainty, Source
from becta.kernel.working_days import Holiday


class BuyerKind(StrEnum):
    """Who buys: "school" and "trust" are schools within s.123(1), to whom Part 6 of the Act does not apply."""

    SCHOOL = "school"
    TRUST = "trust"
    LOCAL_AUTHORITY = "local_authority"
    CENTRAL_PURCHASING_BODY = "central_purchasing_body"
    CENTRAL_GOVERNMENT = "central_government"


SCHOOLS = frozenset({BuyerKind.SCHOOL, BuyerKind.TRUST})
"""Governing bodies and academy proprietors: exempt from Part 6 and from ss.68 to 70 (ss.84(2)(a), 123(1))."""


class ContractKind(StrEnum):
    """The types of contract of Schedule 1 that schools may meet."""

    GOODS_SERVICES = "goods_services"
    WORKS = "works"
    LIGHT_TOUCH = "light_touch"
    CONCESSION = "concession"
    LIGHT_TOUCH_CONCESSION = "light_touch_concession"
    UTILITIES = "utilities"


LIGHT_TOUCH = frozenset({ContractKind.LIGHT_TOUCH, ContractKind.LIGHT_TOUCH_CONCESSION})
"""The kinds to which the lighter rules for light touch contracts (s.9) apply."""


class Authority(StrEnum):
    """Whose threshold it is: Schedule 1 rows 11 and 12 tell central government from everybody else."""

    CENTRAL = "central"
    SUB_CENTRAL = "sub_central"
    ANY = "any"


class Band(StrEnum):
    """How much a purchase is below the threshold, as DfE sees it: policy, not law."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Route(StrEnum):
    """The ways to buy."""

    CATALOGUE = "catalogue"
    FRAMEWORK_DIRECT_AWARD = "framework_direct_award"
    FRAMEWORK_FURTHER_COMPETITION = "framework_further_competition"
    THREE_QUOTES = "three_quotes"
    OPEN_PROCEDURE = "open_procedure"
    COMPETITIVE_FLEXIBLE = "competitive_flexible"


class StandstillException(StrEnum):
    """Why no standstill is mandatory: Procurement Act 2023 s.51(3)."""

    FRAMEWORK = "framework"
    DYNAMIC_MARKET = "dynamic_market"
    LIGHT_TOUCH = "light_touch"
    EXTREME_URGENCY = "extreme_urgency"
    PROTECT_LIFE = "protect_life"
    PRIVATE_UTILITY = "private_utility"


class Reason(Struct, frozen=True, kw_only=True):
    """One sentence of advice, the section of the law or the policy it rests on, and how sure we are of it."""

    text: str
    section: str
    certainty: Certainty = Certainty.VERIFIED


class BankHoliday(Holiday, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bank holiday and where we have it from."""

    source: str


class HolidayData(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bank holidays of whole years."""

    first_year: int
    last_year: int
    sources: tuple[Source, ...]
    holidays: tuple[BankHoliday, ...]


class Threshold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From what estimated value in pence, VAT included, the Act governs a kind of contract, and for which days."""

    kind: ContractKind
    authority: Authority
    amount_pence: int
    effective_from: date
    effective_to: date
    section: str
    source: str


class NotifiableAmount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From what value in pence, VAT included, a below-threshold contract is notified (s.87(4)); not schools'."""

    authority: Authority
    amount_pence: int
    section: str
    source: str


class ValueBand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A band of value; `below_pence` (ex VAT) is the first amount above it, None for the highest band."""

    band: Band
    source: str
    below_pence: int | None = None


class CpvKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What kind of contract codes of the Common Procurement Vocabulary that start with `prefix` make."""

    prefix: str
    kind: ContractKind
    name: str
    source: str


class ThresholdData(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds, amounts and kinds."""

    sources: tuple[Source, ...]
    thresholds: tuple[Threshold, ...]
    notifiable_below_threshold: tuple[NotifiableAmount, ...]
    bands: tuple[ValueBand, ...]
    cpv_kinds: tuple[CpvKind, ...]


class Period(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A minimum period of s.54 in calendar days, and when it applies; 0 is no minimum."""

    code: str
    circumstance: str
    days: int


class ExceptionRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When no standstill is mandatory."""

    code: StandstillException
    when: str
    section: str


class Deadlines(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Periods and amounts of ss.15, 47, 52, 53, 77, 80, 93 and 98; `allowance_days` and `quotes` are not law."""

    contract_details_days: int
    contract_details_light_touch_days: int
    contract_copy_days: int
    contract_copy_light_touch_days: int
    contract_copy_above_pence: int
    kpis_above_pence: int
    least_kpis: int
    modification_copy_days: int
    modification_copy_above_pence: int
    termination_days: int
    records_years: int
    planned_notice_least_days: int
    planned_notice_most_months: int
    framework_most_years: int
    pipeline_contract_above_pence: int
    pipeline_spend_above_pence: int
    quotes: int
    allowance_days: int


class ModificationLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The per cent of ss.74 and 75 and Schedule 8."""

    term_percent: int
    value_percent: int
    value_percent_works: int
    schedule_8_value_percent: int


class NoticeRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notice of the Act and when it is due; `schools` says whether schools publish it at all."""

    number: str
    name: str
    when: str
    section: str
    schools: bool


class DirectAwardGround(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A justification for an award without competition (s.41, Schedule 5)."""

    code: str
    text: str
    section: str


class ProcedureData(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Time limits, notices and grounds of the Act."""

    in_force_from: date
    sources: tuple[Source, ...]
    participation_periods: tuple[Period, ...]
    tendering_periods: tuple[Period, ...]
    standstill_exceptions: tuple[ExceptionRule, ...]
    deadlines: Deadlines
    modifications: ModificationLimits
    notices: tuple[NoticeRule, ...]
    direct_award_grounds: tuple[DirectAwardGround, ...]
