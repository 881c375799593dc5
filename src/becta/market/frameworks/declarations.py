"""What suppliers must declare of themselves, and what their answers mean: pass, refer to a person, or fail.

Procurement Act 2023 ss.26, 57 and 58 with the grounds of Schedules 6 (mandatory) and 7 (discretionary).
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from becta.catalogue.text_rules import text_faults
from becta.kernel.errors import Fault


class Effect(StrEnum):
    """What an answer does, from lax to strict: passes by itself, goes to a person, or fails."""

    PASS = "pass"  # noqa: S105 - an outcome
    REFER = "refer"
    FAIL = "fail"


class AnswerRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer that can be given: its code, what it says, and what it does."""

    code: str
    text: str
    effect: Effect


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something suppliers declare; `ground` is the code of the exclusion ground it asks about, if any."""

    code: str
    text: str
    answers: tuple[AnswerRule, ...]
    ground: str | None = None


class Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A supplier's answer, with an explanation where a person is to judge it."""

    question: str
    answer: str
    explanation: str = ""


class Finding(Struct, frozen=True, kw_only=True):
    """What one answer does, and why in a sentence."""

    question: str
    answer: str | None
    effect: Effect
    sentence: str


class Verdict(Struct, frozen=True, kw_only=True):
    """What all answers together do: the strictest of them; `findings` are those that do not pass."""

    effect: Effect
    findings: tuple[Finding, ...]


class Ground(Struct, frozen=True, kw_only=True):
    """An exclusion ground as it stood from a day: Schedule 6 is mandatory, Schedule 7 discretionary."""

    code: str
    schedule: int
    paragraphs: str
    title: str
    valid_from: date
    valid_until: date | None = None


class Grounds(Struct, frozen=True, kw_only=True):
    """The exclusion grounds with where they are from and how sure we are of their wording (H, M or L)."""

    source: str
    sureness: str
    grounds: tuple[Ground, ...]


MAX_ANSWERS = 20
"""How many answers a question may offer."""
_ORDER = list(Effect)
_PUT_RIGHT = AnswerRule(
    code="put_right",
    text="Yes, but it has been put right and is not likely to occur again",
    effect=Effect.REFER,
)
_NO = AnswerRule(code="no", text="No", effect=Effect.PASS)


@cache
def grounds() -> Grounds:
    """All exclusion grounds that are known, of any day."""
    raw = files("becta.market.frameworks.data").joinpath("exclusion_grounds.json").read_bytes()
    return msgspec.json.decode(raw, type=Grounds)


def grounds_on(day: date) -> tuple[Ground, ...]:
    """The exclusion grounds in force on a day."""
    return tuple(
        one
        for one in grounds().grounds
        if one.valid_from <= day and (one.valid_until is None or day <= one.valid_until)
    )


def question_about(ground: Ground) -> Question:
    """The question about an exclusion ground.

    A mandatory ground excludes unless it is not likely to occur again (s.57(1)), which a person judges with the
    evidence of s.58; so does a person judge any discretionary ground (s.57(2)).
    """
    effect = Effect.FAIL if ground.schedule == 6 else Effect.REFER
    yes = AnswerRule(code="yes", text="Yes", effect=effect)
    asked = f"Does this ground apply to you or a connected person: {ground.title}?"
    return Question(code=ground.code, text=asked, answers=(_NO, _PUT_RIGHT, yes), ground=ground.code)


def assess_declaration(questions: Sequence[Question], answers: Sequence[Answer]) -> Verdict:
    """What a supplier's answers do together. A question without an answer that it knows fails."""
    given = {one.question: one.answer for one in answers}
    found = [_finding(question, given.get(question.code)) for question in questions]
    effect = max((one.effect for one in found), key=_ORDER.index, default=Effect.PASS)
    return Verdict(effect=effect, findings=tuple(one for one in found if one.effect is not Effect.PASS))


def answer_faults(questions: Sequence[Question], answers: Sequence[Answer]) -> list[Fault]:
    """What keeps a declaration from being submitted: questions open, answers unknown or given twice, no explanation."""
    faults: list[Fault] = []
    known = {one.code: one for one in questions}
    given = [one.question for one in answers]
    for place, answer in enumerate(answers):
        faults += _answer_faults(f"answers.{place}", answer, known.get(answer.question))
        if answer.question in given[:place]:
            faults.append(Fault(field=f"answers.{place}.question", problem="is answered twice", mend="answer it once"))
    for code in known.keys() - set(given):
        mend = "answer every question"
        faults.append(Fault(field="answers", problem=f"say nothing to the question {code}", mend=mend, value=code))
    return sorted(faults, key=lambda fault: (fault.field, fault.problem))


def question_faults(questions: Sequence[Question]) -> list[Fault]:
    """What is wrong with the questions of a framework."""
    faults: list[Fault] = []
    for place, question in enumerate(questions):
        at = f"questions.{place}"
        faults += text_faults(f"{at}.code", question.code, at_least=1, at_most=60)
        faults += text_faults(f"{at}.text", question.text, at_least=3, at_most=1_000)
        if question.code in [one.code for one in questions[:place]]:
            faults.append(Fault(field=f"{at}.code", problem="is used twice", mend="give each its own code"))
        faults += [] if question.ground is None else text_faults(f"{at}.ground", question.ground, at_most=60)
        for number, answer in enumerate(question.answers):
            faults += text_faults(f"{at}.answers.{number}.code", answer.code, at_least=1, at_most=60)
            faults += text_faults(f"{at}.answers.{number}.text", answer.text, at_least=1, at_most=1_000)
        codes = [one.code for one in question.answers]
        if len(codes) != len(set(codes)) or len(codes) > MAX_ANSWERS:
            mend = f"give at most {MAX_ANSWERS}, each a code of its own"
            faults.append(Fault(field=f"{at}.answers", problem="are too many or not told apart", mend=mend))
        if all(one.effect is Effect.FAIL for one in question.answers):
            mend = "give at least one answer that passes or goes to a person"
            faults.append(Fault(field=f"{at}.answers", problem="all fail", mend=mend))
    return faults


def _finding(question: Question, code: str | None) -> Finding:
    rule = next((one for one in question.answers if one.code == code), None)
    if rule is None:
        said = f'"{question.text}" is not answered'
        return Finding(question=question.code, answer=code, effect=Effect.FAIL, sentence=said)
    does = {Effect.PASS: "passes", Effect.REFER: "goes to a person", Effect.FAIL: "fails"}[rule.effect]
    said = f'"{question.text}" is answered "{rule.text}", which {does}'
    return Finding(question=question.code, answer=code, effect=rule.effect, sentence=said)


def _answer_faults(at: str, answer: Answer, question: Question | None) -> list[Fault]:
    if question is None:
        mend = "answer the framework's own questions"
        return [Fault(field=f"{at}.question", problem="is not asked", mend=mend, value=answer.question[:80])]
    rule = next((one for one in question.answers if one.code == answer.answer), None)
    if rule is None:
        choices = ", ".join(one.code for one in question.answers)
        return [
            Fault(
                field=f"{at}.answer",
                problem="cannot be chosen",
                mend=f"choose from {choices}",
                value=answer.answer[:80],
            )
        ]
    at_least = 10 if rule.effect is Effect.REFER else 0
    return text_faults(f"{at}.explanation", answer.explanation, at_least=at_least, at_most=5_000)
