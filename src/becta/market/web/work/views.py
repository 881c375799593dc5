"""What these pages show; see `becta.market.web.views`."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from becta.market.web.views import Fact, Link, Option


class FormView(Struct, frozen=True, kw_only=True):
    """A form: what was typed, what is wrong with its fields by name, and what else stood in the way (`notice`)."""

    csrf: str
    values: Mapping[str, tuple[str, ...]] = {}
    errors: Mapping[str, str] = {}
    notice: str = ""

    def text(self, name: str) -> str:
        """The last value of a field, "" if there is none."""
        return self.values.get(name, ("",))[-1]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return self.values.get(name, ())


class Group(Struct, frozen=True, kw_only=True):
    """Choices of a select under a heading."""

    title: str
    options: tuple[Option, ...]


class Tag(Struct, frozen=True, kw_only=True):
    """A state in a word and a colour."""

    text: str
    colour: str


class CommitmentRow(Struct, frozen=True, kw_only=True):
    """A commitment in a list."""

    href: str
    purpose: str
    organisation: str
    amount_pence: int
    made_by: str
    made_at: datetime
    state: Tag


class CommitmentsPage(Struct, frozen=True, kw_only=True):
    """Commitments, newest first."""

    rows: tuple[CommitmentRow, ...]
    only_held: bool
    may_make: bool
    next_href: str = ""


class NewCommitmentPage(Struct, frozen=True, kw_only=True):
    """Committing an amount. `key` tells a double click from a second commitment."""

    form: FormView
    key: str
    places: tuple[Option, ...]
    categories: tuple[Group, ...]


class Verdict(Struct, frozen=True, kw_only=True):
    """What a scheme of delegation made of a commitment."""

    organisation: str
    outcome: str
    sentence: str


class Happening(Struct, frozen=True, kw_only=True):
    """Something that somebody did to a thing."""

    at: datetime
    who: str
    what: str
    reason: str = ""


class CommitmentPage(Struct, frozen=True, kw_only=True):
    """One commitment, and what the visitor may do about it."""

    form: FormView
    href: str
    revision: int
    title: str
    headline: str
    state: Tag
    facts: tuple[Fact, ...]
    verdicts: tuple[Verdict, ...]
    waits: tuple[str, ...]
    history: tuple[Happening, ...]
    may_approve: bool = False
    may_decline: bool = False
    may_withdraw: bool = False
    has_pledge: bool = False
    why_not: tuple[str, ...] = ()


class RuleRow(Struct, frozen=True, kw_only=True):
    """A rule of a scheme in words."""

    role: str
    category: str
    limit: str
    above: str
    two_people: str


class SchemeView(Struct, frozen=True, kw_only=True):
    """A version of a scheme."""

    number: int
    since: datetime
    note: str
    rules: tuple[RuleRow, ...]


class OrganisationScheme(Struct, frozen=True, kw_only=True):
    """An organisation's scheme in force, None if there is none, one to come, and those before."""

    organisation: str
    in_force: SchemeView | None
    to_come: tuple[SchemeView, ...] = ()
    before: tuple[SchemeView, ...] = ()


class SchemePage(Struct, frozen=True, kw_only=True):
    """The schemes that bind, of which `edit` leads to changing one; `schools` leads to those of a trust's schools."""

    schemes: tuple[OrganisationScheme, ...]
    edit: Link | None = None
    schools: tuple[Link, ...] = ()
    done: str = ""


class SetSchemePage(Struct, frozen=True, kw_only=True):
    """Setting a scheme, a row for each rule; none if there are more than the page holds. `revision` is the newest's."""

    form: FormView
    organisation: str
    reference: str
    back_href: str
    revision: int
    rows: tuple[int, ...]
    roles: tuple[Option, ...]
    deciders: tuple[Option, ...]
    categories: tuple[Group, ...]
    ticks: tuple[Option, ...]
    is_example: bool
    may_grow: bool
    replaced: tuple[datetime, ...]


class MemberRow(Struct, frozen=True, kw_only=True):
    """A member; `href` leads to changing their roles, "" for who may not."""

    name: str
    email: str
    roles: str
    since: datetime
    href: str = ""


class InvitationRow(Struct, frozen=True, kw_only=True):
    """An open invitation."""

    id: str
    email: str
    roles: str
    until: datetime


class RequestRow(Struct, frozen=True, kw_only=True):
    """A request to join that waits."""

    href: str
    name: str
    email: str
    roles: str
    asked_at: datetime


class Place(Struct, frozen=True, kw_only=True):
    """An organisation that somebody looked for."""

    href: str
    name: str
    hint: str


class PeoplePage(Struct, frozen=True, kw_only=True):
    """Who belongs to an organisation; `reference` names it in forms.

    Whoever reaches every organisation looks for another with `q`; `is_cut` says that more were found.
    """

    form: FormView
    organisation: str
    reference: str
    may_manage: bool
    members: tuple[MemberRow, ...]
    invitations: tuple[InvitationRow, ...] = ()
    requests: tuple[RequestRow, ...] = ()
    schools: tuple[Link, ...] = ()
    invite_href: str = ""
    next_href: str = ""
    done: str = ""
    may_look: bool = False
    q: str = ""
    found: tuple[Place, ...] = ()
    is_cut: bool = False


class InvitePage(Struct, frozen=True, kw_only=True):
    """Inviting somebody."""

    form: FormView
    organisation: str
    reference: str
    back_href: str
    roles: tuple[Option, ...]


class MemberPage(Struct, frozen=True, kw_only=True):
    """A member: their roles (`kept` are those the visitor can neither give nor take), and ending their membership."""

    form: FormView
    href: str
    back_href: str
    reference: str
    organisation: str
    name: str
    email: str
    revision: int
    is_self: bool
    roles: tuple[Option, ...]
    kept: tuple[Option, ...] = ()


class RequestPage(Struct, frozen=True, kw_only=True):
    """A request to join, to be confirmed or refused."""

    form: FormView
    href: str
    back_href: str
    organisation: str
    facts: tuple[Fact, ...]
    roles: tuple[Option, ...]


class OwnRequest(Struct, frozen=True, kw_only=True):
    """A request of one's own to join."""

    id: str
    organisation: str
    asked_at: datetime
    state: str
    reason: str = ""
    is_open: bool = False


class JoinPage(Struct, frozen=True, kw_only=True):
    """Looking for an organisation to join; `is_cut` says that there are more."""

    form: FormView
    q: str
    found: tuple[Place, ...]
    is_cut: bool = False
    own: tuple[OwnRequest, ...] = ()
    done: str = ""


class AskPage(Struct, frozen=True, kw_only=True):
    """Asking to join an organisation."""

    form: FormView
    organisation: str
    reference: str
    email: str
    roles: tuple[Option, ...]


class InvitationPage(Struct, frozen=True, kw_only=True):
    """An invitation to accept."""

    form: FormView
    code: str
    organisation: str
    roles: tuple[str, ...]
    until: datetime


class TokenRow(Struct, frozen=True, kw_only=True):
    """A token without its secret."""

    href: str
    label: str
    whose: str
    scopes: tuple[str, ...]
    made_at: datetime
    used_at: datetime | None
    ends_at: datetime | None
    state: Tag


class TokensPage(Struct, frozen=True, kw_only=True):
    """Tokens, newest last."""

    rows: tuple[TokenRow, ...]
    may_make: bool
    next_href: str = ""
    done: str = ""


class NewTokenPage(Struct, frozen=True, kw_only=True):
    """Making a token; `holders` is empty where there is nothing to choose."""

    form: FormView
    organisation: str
    holders: tuple[Option, ...]
    scopes: tuple[Option, ...]
    lifetimes: tuple[Option, ...]


class TokenPage(Struct, frozen=True, kw_only=True):
    """A token, and ending or replacing it."""

    form: FormView
    href: str
    row: TokenRow
    may_rotate: bool
    may_revoke: bool
    needs_reason: bool


class SecretPage(Struct, frozen=True, kw_only=True):
    """A fresh token's secret, this once."""

    label: str
    secret: str
    ends_at: datetime | None


class HoldingRow(Struct, frozen=True, kw_only=True):
    """One kind of personal data in the register."""

    title: str
    facts: tuple[Fact, ...]


class RegisterPage(Struct, frozen=True, kw_only=True):
    """The register of personal data; `is_own` puts a person's own copy and erasure beside it."""

    rows: tuple[HoldingRow, ...]
    is_own: bool


class ErasePage(Struct, frozen=True, kw_only=True):
    """Erasing oneself."""

    form: FormView
    name: str


TEMPLATES: dict[type[Struct], str] = {
    CommitmentsPage: "work/commitments.html",
    NewCommitmentPage: "work/new_commitment.html",
    CommitmentPage: "work/commitment.html",
    SchemePage: "work/scheme.html",
    SetSchemePage: "work/set_scheme.html",
    PeoplePage: "work/people.html",
    InvitePage: "work/invite.html",
    MemberPage: "work/member.html",
    RequestPage: "work/request.html",
    JoinPage: "work/join.html",
    AskPage: "work/ask.html",
    InvitationPage: "work/invitation.html",
    TokensPage: "work/tokens.html",
    NewTokenPage: "work/new_token.html",
    TokenPage: "work/token.html",
    SecretPage: "work/secret.html",
    RegisterPage: "work/register.html",
    ErasePage: "work/erase.html",
}
