"""Asks the model, within budget, cache and time. Whatever its endpoint does is told in words and changes nothing.

Before each call it is counted, in the transaction that also looks for a kept answer; no transaction is open while
the model thinks.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import structlog

from storywatch.core.ids import digest
from storywatch.core.opinion import NoOpinion, read_answer, read_translations
from storywatch.errors import FetchFailed, Forbidden, Unreadable
from storywatch.opinion.endpoint import NO_SCHEMA
from storywatch.opinion.forms import object_in, opinion_form, opinion_message, translation_form, translation_message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from storywatch.core.opinion import Band, Heard, Opinion, Question
    from storywatch.opinion.endpoint import ChatEndpoint
    from storywatch.opinion.forms import Form
    from storywatch.ports import Clock, Opinions

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger()

BROKEN = 500  # from this status on, asking once more may help


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModel:
    """Implements `ports.Adviser`. `band` is None where it is asked for translations only."""

    endpoint: ChatEndpoint
    opinions: Opinions
    writer: Executor  # the store's own thread
    clock: Clock
    budget: int  # calls a day, in UTC
    seconds: float  # for all that is asked about one article
    band: Band | None

    @property
    def model(self) -> str:
        """Its name, as the configuration has it."""
        return self.endpoint.model

    async def ask(self, question: Question, *, until: float) -> Heard:
        """What the model says, or why it says nothing."""

        def read(raw: dict[str, Any]) -> Opinion | None:
            heard = read_answer(raw, question, by=self.model)
            return None if isinstance(heard, NoOpinion) else heard

        return await self._answer(opinion_form(), opinion_message(question), read, until=until)

    async def translate(self, sentences: Sequence[str], lang: str, *, until: float) -> dict[str, str]:
        """A translation by its original, as far as there are any."""

        def read(raw: dict[str, Any]) -> dict[str, str] | None:
            return read_translations(raw, sentences) or None

        heard = await self._answer(translation_form(), translation_message(sentences, lang), read, until=until)
        return {} if isinstance(heard, NoOpinion) else heard

    async def _answer(
        self, form: Form, message: str, read: Callable[[dict[str, Any]], T | None], *, until: float
    ) -> T | NoOpinion:
        """The kept answer, or that of one call, or of one more where that may help."""
        key = digest("opn", self.endpoint.url, self.model, form.name, form.prompt, message)
        heard: T | NoOpinion = NoOpinion(reason="nothing was asked")
        for may_retry in (True, False):
            if asyncio.get_running_loop().time() >= until:  # what was asked before took all of it: no call is spent
                return NoOpinion(reason="timed out")
            slot = await self._store(self.opinions.reserve_call, self._id, key, budget=self.budget, now=self._now())
            if slot.refused is not None:
                return NoOpinion(reason=slot.refused)
            kept = None if slot.answer is None else _read(slot.answer, read)
            if kept is not None:
                return kept
            heard, again = await self._call(form, message, key, read, until=until)
            if not (again and may_retry):
                break
        return heard

    async def _call(
        self, form: Form, message: str, key: str, read: Callable[[dict[str, Any]], T | None], *, until: float
    ) -> tuple[T | NoOpinion, bool]:
        """What came of one call, and whether another one may help."""
        try:
            async with asyncio.timeout_at(until):
                said = await self.endpoint.complete(form, message)
        except TimeoutError:
            return await self._failed(form, "timed out", f"{self.endpoint.host} timed out"), False
        except Forbidden as error:
            return await self._failed(form, "its address may not be asked", str(error)), False
        except FetchFailed as error:
            reason = "no connection" if error.status is None else f"the server answered {error.status}"
            return await self._failed(form, reason, str(error)), self._may_help(error)
        except Unreadable as error:
            return await self._odd(form, str(error)), False
        value = _read(said, read)
        if value is None:
            return await self._odd(form, "an odd answer"), False
        await self._store(self.opinions.record_answer, self._id, key, said, now=self._now())
        log.info("opinion_given", form=form.name, model=self.model)
        return value, False

    def _may_help(self, error: FetchFailed) -> bool:
        """A server that does not know the schema is asked without it, from then on; a broken one once more."""
        if error.status in NO_SCHEMA and self.endpoint.strict:
            self.endpoint.strict = False
            return True
        return error.status is None or error.status >= BROKEN

    async def _failed(self, form: Form, reason: str, error: str) -> NoOpinion:
        """`reason` goes into verdicts and messages, `error` into the log: it names the server."""
        paused_until = await self._store(self.opinions.record_failure, self._id, error, now=self._now())
        until = None if paused_until is None else paused_until.isoformat()
        log.warning("opinion_failed", form=form.name, model=self.model, error=error, paused_until=until)
        return NoOpinion(reason=reason)

    async def _odd(self, form: Form, reason: str) -> NoOpinion:
        """It answers, but not what was asked. That is one article's matter: no pause for the others follows."""
        await self._store(self.opinions.record_odd_answer, self._id, now=self._now())
        log.warning("opinion_odd", form=form.name, model=self.model, reason=reason)
        return NoOpinion(reason=reason)

    @property
    def _id(self) -> str:
        return endpoint_id(self.endpoint.url, self.model)

    def _now(self) -> Any:
        return self.clock.now()

    async def _store(self, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.writer, partial(step, *args, **kwargs))


def endpoint_id(url: str, model: str) -> str:
    """What health and budget of an endpoint are kept under."""
    return digest("ept", url, model)


def _read(said: str, read: Callable[[dict[str, Any]], T | None]) -> T | None:
    raw = object_in(said)
    return None if raw is None else read(raw)
