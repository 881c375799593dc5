"""From what a use case refuses with to the words above a form and beside its fields."""

from collections.abc import Mapping

from msgspec import Struct

from becta.kernel.errors import Conflict, DomainError, Forbidden, Invalid, Stale
from becta.market.web.visitor import Form, Visitor
from becta.market.web.work.views import FormView

REFUSED = (Invalid, Conflict, Stale, Forbidden)
"""What is told on the form's own page; anything else has a page of its own."""
CHANGED = "Somebody changed this since you opened it. Nothing of yours was saved: see how it is now and try again."


class Refusal(Struct, frozen=True, kw_only=True):
    """Why nothing was done: a text for the page, texts for its fields, and the status of the answer."""

    status: int
    notice: str = ""
    errors: Mapping[str, str] = {}

    def shown(self, visitor: Visitor, form: Form) -> FormView:
        """The form as it was sent, with what is wrong."""
        return FormView(csrf=visitor.csrf, values=form.values, errors=self.errors, notice=self.notice)


def refusal(error: DomainError, labels: Mapping[str, str]) -> Refusal:
    """What to tell of an error; `labels` names the fields there are. Raises it again if it tells people nothing."""
    match error:
        case Invalid(faults=faults):
            told: dict[str, str] = {}
            for fault in faults:
                name = fault.field.partition(".")[0]
                told.setdefault(
                    name, f"{labels.get(name, _sentence(name.replace('_', ' ')))} {fault.problem}: {fault.mend}"
                )
            notice = " ".join(f"{text}." for name, text in told.items() if name not in labels)
            errors = {name: told[name] for name in labels if name in told}
            return Refusal(status=400, notice=notice, errors=errors)
        case Stale():
            return Refusal(status=412, notice=CHANGED)
        case Conflict(detail=detail):
            return Refusal(status=409, notice=f"{_sentence(detail)}.")
        case Forbidden(because=str(because)):
            return Refusal(status=403, notice=f"{_sentence(because)}.")
        case _:
            raise error


def revision_of(form: Form) -> int:
    """The revision that the form's page showed; one that is not ours is none that anything ever had."""
    text = form.text("revision")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
