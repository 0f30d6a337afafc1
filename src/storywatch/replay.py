"""The pipeline's own decisions over a stream of articles in a file: nothing is fetched, stored or sent.

The clock is the stream's. An item is glanced at as an entry is; what fails is off-topic. A known address with
another text is an edit, with the same text a repeat of what the first was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from storywatch.core.corrections import development_id, label_after
from storywatch.core.feedback import precedents_among
from storywatch.core.ids import digest
from storywatch.core.level import probably_about
from storywatch.core.matching import glance
from storywatch.core.model import Article, ArticleId, Correction, FeedbackKind, Label, PageState, StoryMemory
from storywatch.core.story import Story, watch_texts
from storywatch.core.urls import url_key
from storywatch.errors import StorywatchError
from storywatch.pipeline import follow, read_closely

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from storywatch.core.model import DevelopmentId, Judged, Watch
    from storywatch.core.weights import Weights
    from storywatch.ports import Encoder

REQUIRED = ("id", "seen_at", "url", "title")
FEEDBACK_KEYS = ("id", "feedback", "development")
TEXTS = ("outlet", "owner", "lang", "summary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article of a stream under the stream's own id."""

    id: str
    article: Article


class KeptFeedback(Protocol):
    """One thing that the desk said, as a database keeps it."""

    @property
    def article(self) -> str:
        """The article's id."""
        ...

    @property
    def url(self) -> str:
        """Its address."""
        ...

    @property
    def feedback(self) -> str:
        """What was said."""
        ...

    @property
    def development(self) -> str | None:
        """Of same-as."""
        ...

    @property
    def off_topic(self) -> bool:
        """Of wrong."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the desk says of one item right after it was decided.

    `development` is the id of a development, or the id of the item that broke it.
    """

    kind: FeedbackKind
    development: str | None = None
    off_topic: bool = False
    where: str = "the database"  # for errors


@dataclass(kw_only=True)
class Replay:
    """One watch walking along a stream. `decide` answers for one item after the other."""

    story: Story
    encoder: Encoder
    seen: dict[ArticleId, dict[str, Any]] = field(default_factory=dict)
    ids: dict[ArticleId, str] = field(default_factory=dict)
    judged: list[Judged] = field(default_factory=list)
    answers: dict[ArticleId, Correction] = field(default_factory=dict)

    def decide(self, item: Item) -> dict[str, Any]:
        """The decision on one item, in the form that is written out."""
        known = self.seen.get(item.article.id)
        if known is not None:
            return _again(known, item)
        passed_over = self._glance(item.article)
        row = _row(item, self.story, passed_over) if passed_over else self._judge(item)
        self.seen[item.article.id] = row
        return row

    def _glance(self, article: Article) -> str | None:
        """Why the item is passed over, or None."""
        look = glance(article.title, article.summary, article.lang, self.story)
        if look.worth is None:
            [vector] = self.encoder.encode([f"{article.title}. {article.summary}"])
            look = glance(article.title, article.summary, article.lang, self.story, vector=vector)
        return None if look.worth else f"passed over at a glance: {look.words}"

    def _judge(self, item: Item) -> dict[str, Any]:
        reading = read_closely(item.article, self.encoder)
        judged = follow(reading, self.story, now=item.article.seen_at)
        self.ids[item.article.id] = item.id
        self.judged.append(judged)
        self.story = self.story.learn(judged)
        return _judged_row(item, judged, self.ids)

    def hear(self, item: Item, said: Said) -> str | None:
        """What the desk says of the item that was decided just now; why it can't be applied, or None.

        It holds whatever the item was decided to be: with another watch that may be something else than what was corrected.
        """
        if all(one.remembered.article != item.article.id for one in self.judged):
            return f"{said.where}: {item.id} was passed over at a glance, and only what was judged can be corrected"
        own = development_id(self.story.watch.id, item.article.id)
        target = self._development(said.development) if said.development is not None else None
        if said.kind is FeedbackKind.SAME_AS and target in {None, own}:
            known = ", ".join(self.ids[one] for one in self._standing()) or "none yet"
            return f"{said.where}: {item.id}: {said.development!r} is no other development by then (broken by: {known})"
        answer = Correction(
            article=item.article.id,
            kind=said.kind,
            development=target,
            off_topic=said.off_topic,
            given_at=item.article.seen_at,
        )
        self.correct(item, answer)
        return None

    def _development(self, reference: str) -> DevelopmentId | None:
        """A development that stands, by its id or by the item that broke it."""
        for article in self._standing():
            own = development_id(self.story.watch.id, article)
            if reference in {own, self.ids[article]}:
                return own
        return None

    def _standing(self) -> list[ArticleId]:
        """The articles that broke a development which stands."""
        labels = {one.remembered.article: one.verdict.verdict for one in self.judged}
        return [
            article
            for article, label in labels.items()
            if label_after(label, self.answers.get(article)) is Label.DEVELOPMENT
        ]

    def correct(self, item: Item, said: Correction) -> None:
        """What the desk says of an item that was judged just now or earlier; the story goes on as if it had always known."""
        self.answers[said.article] = said
        if said.kind is not FeedbackKind.WRONG:
            self.judged = [self._with_sentences(one, item) for one in self.judged]
        memory = StoryMemory(
            remembered=tuple(one.remembered for one in self.judged),
            means=tuple(self.story.means.values()),
            precedents=precedents_among(self.judged, self.answers),
            flow=tuple(probably_about(one.remembered.relevance) for one in self.judged),
        )
        self.story = self.story.recall(memory)

    def _with_sentences(self, judged: Judged, item: Item) -> Judged:
        """Of what was off-topic no sentence is remembered: they are read anew where the desk wants it known."""
        record = judged.remembered
        if record.article != item.article.id or record.sentences:
            return judged
        sentences = read_closely(item.article, self.encoder).sentences
        return replace(judged, remembered=replace(record, sentences=sentences))


def replay(
    watch: Watch,
    items: Iterable[Item],
    encoder: Encoder,
    *,
    detect_language: Callable[[str], str],
    weights: Weights | None = None,
    feedback: Mapping[str, Said] | None = None,
    left_out: Callable[[str], None] = lambda _why: None,
) -> Iterator[dict[str, Any]]:
    """One decision for each item, in the order of the stream.

    `feedback` is by item, and said right after it; `left_out` is told what could not be applied, and why.
    """
    texts = watch_texts(watch)
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    story = Story.begin(watch, vectors, lang=detect_language(watch.about), weights=weights)
    walk = Replay(story=story, encoder=encoder)
    for item in items:
        yield walk.decide(item)
        if feedback and item.id in feedback and (why := walk.hear(item, feedback[item.id])):
            left_out(why)


def feedback_from(path: Path, items: Sequence[Item]) -> dict[str, Said]:
    """What the desk says of items, by their ids. Raises `StorywatchError` with the line's number.

    One JSON object a line: `id`, `feedback` and, for "same-as", `development`; `off_topic` may be true with "wrong".
    Of several lines on one item the last holds.
    """
    known, found = {item.id for item in items}, {}
    for number, line in enumerate(_lines_of(path), start=1):
        if line.strip():
            where = f"{path}:{number}"
            raw = _object(line, where, FEEDBACK_KEYS)
            said = _said(raw, where)
            if raw.get("id") not in known:
                message = f"{where}: no item {raw.get('id')!r} in the stream"
                raise StorywatchError(message)
            found[raw["id"]] = said
    return found


def _said(raw: dict[str, Any], where: str) -> Said:
    kinds = [kind.value for kind in FeedbackKind]
    if raw.get("feedback") not in kinds:
        message = f"{where}: 'feedback' is one of {', '.join(kinds)}, not {raw.get('feedback')!r}"
        raise StorywatchError(message)
    kind, development, off_topic = FeedbackKind(raw["feedback"]), raw.get("development"), raw.get("off_topic") or False
    if (kind is FeedbackKind.SAME_AS) != isinstance(development, str):
        message = f"{where}: 'development' is needed with same-as, and only there: its id, or the item that broke it"
        raise StorywatchError(message)
    if off_topic not in (True, False) or (off_topic and kind is not FeedbackKind.WRONG):
        message = f"{where}: 'off_topic' is true or false, and true only with wrong"
        raise StorywatchError(message)
    return Said(kind=kind, development=development, off_topic=off_topic, where=where)


def feedback_kept(items: Sequence[Item], said: Iterable[KeptFeedback]) -> dict[str, Said]:
    """What a database holds, by item: of the very text at the same address, else of the address."""
    by_article = {item.article.id: item.id for item in reversed(items)}
    by_address = {item.article.url_key: item.id for item in reversed(items)}
    found = {}
    for one in said:
        item = by_article.get(ArticleId(one.article)) or by_address.get(url_key(one.url))
        if item is not None:
            kind = FeedbackKind(one.feedback)
            found[item] = Said(kind=kind, development=one.development, off_topic=one.off_topic)
    return found


def _row(item: Item, story: Story, reason: str) -> dict[str, Any]:
    return {
        "id": item.id,
        "watch": story.watch.id,
        "verdict": Label.OFF_TOPIC.value,
        "score": 0.0,
        "severity": None,
        "development": None,
        "new": [],
        "nearest": None,
        "reasons": [reason],
    }


def _judged_row(item: Item, judged: Judged, ids: dict[ArticleId, str]) -> dict[str, Any]:
    verdict = judged.verdict
    nearest = verdict.nearest
    return {
        "id": item.id,
        "watch": judged.watch,
        "verdict": verdict.verdict.value,
        "score": verdict.score,
        "severity": verdict.severity.value if verdict.severity else None,
        "development": judged.remembered.development,
        "new": [{"sentence": new.sentence, "old": new.old, "new": new.new} for new in verdict.new],
        "nearest": {
            "development": nearest.development,
            "item": ids.get(nearest.article) if nearest.article else None,
            "score": nearest.score,
        }
        if nearest
        else None,
        "reasons": [reason.words for reason in verdict.reasons],
    }


def _again(known: dict[str, Any], item: Item) -> dict[str, Any]:
    """The same text at the same address once more: off-topic if it was so at first, else a repeat."""
    off_topic = known["verdict"] == Label.OFF_TOPIC.value
    nearest = {"development": known["development"], "item": known["id"], "score": 1.0}
    return {
        **known,
        "id": item.id,
        "verdict": known["verdict"] if off_topic else Label.REPEAT.value,
        "score": 0.0,
        "severity": None,
        "new": [],
        "nearest": None if off_topic else nearest,
        "reasons": [f"the same text at the same address as {known['id']}"],
    }


def items_from(path: Path) -> Iterator[Item]:
    """The items of a file, one JSON object a line. A faulty line ends it with the line's number and what is wrong."""
    for number, line in enumerate(_lines_of(path), start=1):
        if line.strip():
            yield _item(line, f"{path}:{number}")


def _lines_of(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as lines:
            yield from lines
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise StorywatchError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 (byte {error.start} of a block); save the stream as UTF-8"
        raise StorywatchError(message) from error


def _item(line: str, where: str) -> Item:
    return parse_item(_object(line, where, REQUIRED), where)


def _object(line: str, where: str, keys: Sequence[str]) -> dict[str, Any]:
    try:
        raw = json.loads(line.rstrip())
    except json.JSONDecodeError as error:
        message = f"{where}:{error.pos + 1}: not JSON: {error.msg}"
        raise StorywatchError(message) from error
    if not isinstance(raw, dict):
        message = f"{where}: an object is needed, with the keys {', '.join(keys)}"
        raise StorywatchError(message)
    return raw


def parse_item(raw: dict[str, Any], where: str) -> Item:
    """One item from its JSON form; `where` names it in errors. Unknown keys are ignored."""
    for key in REQUIRED:
        if not isinstance(raw.get(key), str):
            message = f"{where}: {key!r} is missing or not a text"
            raise StorywatchError(message)
    for key in TEXTS:
        if not isinstance(raw.get(key) or "", str):
            message = f"{where}: {key!r} is not a text"
            raise StorywatchError(message)
    seen_at = _moment(raw["seen_at"], "seen_at", where)
    claimed = raw.get("published_at")
    body = _paragraphs(raw.get("paragraphs"), where)
    summary = raw.get("summary") or ""
    paragraphs = body or tuple(line.strip() for line in summary.splitlines() if line.strip())
    key = url_key(raw["url"])
    outlet = raw.get("outlet") or ""
    article = Article(
        id=ArticleId(digest("art", key, raw["title"], *paragraphs)),
        url=raw["url"],
        url_key=key,
        title=raw["title"],
        summary=summary,
        paragraphs=paragraphs,
        lang=raw.get("lang") or "",
        outlet=outlet,
        outlet_name=outlet,
        owner=raw.get("owner") or outlet,
        published_at=None if claimed is None else _moment(claimed, "published_at", where),
        seen_at=seen_at,
        state=PageState.READ if _says_more(body, summary) else PageState.FEED_ONLY,
    )
    return Item(id=raw["id"], article=article)


def _says_more(body: tuple[str, ...], summary: str) -> bool:
    """Is there a page's text? A body that only repeats the summary is the feed's."""
    return bool(body) and " ".join(body).strip() not in summary


def _moment(value: object, key: str, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or not isinstance(value, str):
        message = f"{where}: {key!r} is not a time such as 2026-01-31T06:00:00Z: {value!r}"
        raise StorywatchError(message)
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _paragraphs(value: object, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(paragraph, str) for paragraph in value):
        message = f"{where}: 'paragraphs' is not a list of texts"
        raise StorywatchError(message)
    return tuple(paragraph for paragraph in value if paragraph.strip())
