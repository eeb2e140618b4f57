"""Questions to check oneself with: every answer says why it is right, or why it is not."""

import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from descent.explore.view import view


class LiveQuestion(anywidget.AnyWidget):
    """Answers as radio buttons, and what there is to say about the one that was committed."""

    _esm = Path(__file__).with_name("questions.js")
    asked = traitlets.Unicode().tag(sync=True)
    answers = traitlets.List(traitlets.Unicode()).tag(sync=True)
    feedback = traitlets.List(traitlets.Unicode()).tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)


class Question:
    """A question with three or four answers, one of them right, to end a cell with.

    asked    text of the question; `code` stands between backticks, here and in all other texts
    right    the right answer -> one sentence that says why; numbers are computed
    wrong    two or three others -> one sentence each that says what is wrong with it
    raises   ValueError if there is not one right answer and two or three wrong ones, if the right
             one is also among the wrong ones, or if one has no feedback

    Displayed, it leaves radio buttons that a keyboard can work; where no kernel runs, a list of
    answers, each of which opens its feedback; and as text, the question and its answers. They
    come in the order of numbers, then letters, so that the place tells nothing. What was answered
    is remembered until the kernel ends.
    """

    _given: ClassVar[dict[str, str]] = {}

    def __init__(self, asked: str, *, right: Mapping[str, str], wrong: Mapping[str, str]) -> None:
        _judge(right, wrong)
        self.asked, self.right = asked, next(iter(right))
        self.answers = dict(sorted({**wrong, **right}.items(), key=_place))
        self._live: LiveQuestion | None = None

    @property
    def chosen(self) -> str:
        """The answer that was given last, "" where none was."""
        given = self._given.get(self.asked, "")
        return given if given in self.answers else ""

    def choose(self, answer: str) -> str:
        """Commit an answer as a learner would; another may follow.

        answer   one of the answers
        returns  what there is to say about it
        raises   KeyError if it is not one of the answers
        """
        said = self.feedback(answer)
        self._given[self.asked] = answer
        if self._live is not None:
            self._live.chosen = list(self.answers).index(answer)
        return said

    def feedback(self, answer: str) -> str:
        """Whether an answer is right, and why.

        answer   one of the answers
        returns  "Right." or "Not this one.", and the sentence
        """
        verdict = "Right." if answer == self.right else "Not this one."
        return f"{verdict} {self.answers[answer]}"

    def __repr__(self) -> str:
        return "\n".join([self.asked, *(f"( ) {answer}" for answer in self.answers)])

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": self._folded()} | view(self._widget())

    def _folded(self) -> str:
        """The question without a kernel: each answer opens its feedback."""
        opened = [
            f"<details><summary>{_marked(answer)}</summary>{_marked(self.feedback(answer))}</details>"
            for answer in self.answers
        ]
        return "\n".join([f"<p><b>{_marked(self.asked)}</b></p>", *opened])

    def _widget(self) -> LiveQuestion:
        """The live widget; a new display of the same question shows the same answer."""
        if self._live is None:
            answers = list(self.answers)
            self._live = LiveQuestion(
                asked=_marked(self.asked),
                answers=[_marked(answer) for answer in answers],
                feedback=[_marked(self.feedback(answer)) for answer in answers],
                chosen=answers.index(self.chosen) if self.chosen else -1,
            )
            self._live.observe(lambda change: self.choose(answers[change.new]), "chosen")
        return self._live


def _judge(right: Mapping[str, str], wrong: Mapping[str, str]) -> None:
    if len(right) != 1 or not 2 <= len(wrong) <= 3:
        raise ValueError(
            "expected one right answer and two or three different wrong ones, "
            f"got {list(right)} and {list(wrong)}: add or drop some"
        )
    for answer, said in [*right.items(), *wrong.items()]:
        if not said.strip():
            raise ValueError(f"no feedback for {answer!r}: say why it is right, or what is wrong")
    if right.keys() & wrong.keys():
        raise ValueError(f"{next(iter(right))!r} is right, and among the wrong answers: change one")


def _place(item: tuple[str, str]) -> tuple[float, str]:
    """Where an answer stands: after its leading number, if it has one, then after its letters."""
    answer = item[0]
    number = re.match(r"[-−]?\d[\d,]*(\.\d+)?", answer)
    value = number[0].replace(",", "").replace("−", "-") if number else "inf"
    return float(value), answer.casefold()


def _marked(text: str) -> str:
    """Text as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
