"""The needle in the haystack: real feed entries walked through a watch, and a stream's own entries among them.

The entries are other publishers' texts: they are read where they lie, and what is listed for reading goes to a file
beside the vectors, never into the project.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from statistics import mean
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from observe import begin, feed_only
from streams import load_watch as load_stream_watch

from storywatch.config import load_watch
from storywatch.core.matching import glance
from storywatch.core.model import Label
from storywatch.core.story import Story, watch_texts
from storywatch.encode import detect_language
from storywatch.errors import StorywatchError
from storywatch.replay import Item, Replay, parse_item

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from judged_by import Judges
    from streams import Labelled, Stream

    from storywatch.core.model import Vector, Watch
    from storywatch.core.weights import Weights
    from storywatch.ports import Encoder

AMONG = 2000  # entries of the haystack that each stream's needles lie in
PER = 10_000


def read_entries(path: Path) -> list[Item]:
    """The entries of a file in the form of `storywatch replay`, gzipped or not."""
    if not path.is_file():
        message = f"{path}: no such file of entries"
        raise StorywatchError(message)
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = enumerate(raw.decode("utf-8").split("\n"), start=1)
    return [parse_item(json.loads(line), f"{path}:{number}") for number, line in lines if line.strip()]


def spread(entries: Sequence[Item], count: int) -> list[Item]:
    """So many entries, evenly from the whole."""
    return list(entries[:: max(1, len(entries) // count)][:count])


class Timed:
    """An encoder that notes how long it was asked, and for how many texts."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.seconds = 0.0
        self.texts = 0

    @property
    def name(self) -> str:
        """The inner encoder's name."""
        return self._encoder.name

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._encoder.dim

    def encode(self, texts: Sequence[str]) -> Vector:
        """As the inner encoder does."""
        began = perf_counter()
        vectors = self._encoder.encode(texts)
        self.seconds += perf_counter() - began
        self.texts += len(texts)
        return vectors


# --------------------------------------------------------------------------- a watch along all entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A watch, and the ids of the entries that are about its story, where somebody listed them."""

    watch: Watch
    about: frozenset[str] = frozenset()
    near: frozenset[str] = frozenset()  # such as may be taken or left: neither missed nor false


@dataclass(slots=True, kw_only=True)
class Walk:
    """What came of one watch: the entries that it took, and how it decided on all."""

    followed: Followed
    own: frozenset[str]  # languages that the watch has words for
    entries: list[Item] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    by_words: Counter[str] = field(default_factory=Counter)  # by language: glances that needed no vector
    judged: int = 0
    seconds: float = 0.0
    encoding: float = 0.0
    texts: int = 0

    @property
    def false_alerts(self) -> list[dict[str, Any]]:
        """Developments from entries that nobody listed as being about the story or near it."""
        listed = self.followed.about | self.followed.near
        return [row for row in self.rows if row["verdict"] == Label.DEVELOPMENT and row["id"] not in listed]

    @property
    def found(self) -> int:
        """Listed entries that are not off-topic."""
        return sum(self.is_about(row) and row["verdict"] != Label.OFF_TOPIC for row in self.rows)

    @property
    def listed(self) -> int:
        """Entries about the story that were among those walked."""
        return sum(map(self.is_about, self.rows))

    def is_about(self, row: dict[str, Any]) -> bool:
        """Is it listed?"""
        return row["id"] in self.followed.about


def load_followed(path: Path) -> Followed:
    """A watch file, or a folder with the `story.toml` of a stream and, where known, an `about.txt`.

    That file has the id of an entry about the story on each line; the word `near` after it is for one that
    may be taken or left. Lines that begin with # say something to people.
    """
    if path.is_file():
        return Followed(watch=load_watch(path))
    if not (path / "story.toml").is_file():
        message = f"{path}: a watch file is needed, or a folder with a story.toml"
        raise StorywatchError(message)
    listed = path / "about.txt"
    lines = listed.read_text("utf-8").splitlines() if listed.is_file() else []
    ids = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return Followed(
        watch=load_stream_watch(path),
        about=frozenset(found[0] for found in ids if len(found) == 1),
        near=frozenset(found[0] for found in ids if found[1:] == ["near"]),
    )


def walk_entries(followed: Followed, entries: Sequence[Item], encoder: Encoder, weights: Weights) -> Walk:
    """Each entry glanced at and, where it may be about the story, judged; in the order of the file."""
    timed = Timed(encoder)
    watch = followed.watch
    texts = watch_texts(watch)
    vectors = dict(zip(texts, timed.encode(texts), strict=True))
    story = Story.begin(watch, vectors, lang=detect_language(watch.about), weights=weights)
    replay = Replay(story=story, encoder=timed)
    walk = Walk(followed=followed, own=story.basis.own_languages, entries=list(entries))
    began = perf_counter()
    for item in entries:
        article = item.article
        look = glance(article.title, article.summary, article.lang, replay.story)
        walk.by_words[article.lang] += look.worth is not None
        known = len(replay.ids)
        walk.rows.append(replay.decide(item))
        walk.judged += len(replay.ids) > known
    walk.seconds, walk.encoding, walk.texts = perf_counter() - began, timed.seconds, timed.texts
    return walk


def print_walks(walks: Sequence[Walk]) -> None:
    """A line a watch, then how many glances needed no encoder, by language."""
    lines = [
        "watch                      entries by words judged develop. possible repeat backgr. listed found false/10,000 seconds encoding texts"
    ]
    lines += [_walk_line(walk) for walk in walks]
    lines += ["", "decided at a glance by words alone (* the watch has words in this language):"]
    for walk in walks:
        counts = Counter(item.article.lang for item in walk.entries)
        parts = [
            f"{lang}{'*' if lang in walk.own else ''} {walk.by_words[lang] / count:.2f} of {count}"
            for lang, count in counts.most_common()
        ]
        lines.append(f"  {walk.followed.watch.id:24} {', '.join(parts)}")
    print("\n".join(lines))  # noqa: T201  it is a command


def _walk_line(walk: Walk) -> str:
    counts = Counter(row["verdict"] for row in walk.rows)
    total = len(walk.rows)
    return (
        f"{walk.followed.watch.id[:26]:26} {total:7} {sum(walk.by_words.values()) / total:8.2f} {walk.judged:6}"
        f" {counts[Label.DEVELOPMENT]:8} {counts[Label.POSSIBLE]:8} {counts[Label.REPEAT]:6} {counts[Label.BACKGROUND]:7}"
        f" {walk.listed:6} {walk.found:5} {len(walk.false_alerts) * PER / total:12.2f}"
        f" {walk.seconds:7.1f} {walk.encoding:8.1f} {walk.texts:5}"
    )


def list_walks(walks: Sequence[Walk], path: Path) -> None:
    """Everything that a watch took, and what it missed of the listed, with the texts: to be read by eye."""
    lines = []
    for walk in walks:
        lines.append(f"== {walk.followed.watch.id}")
        for item, row in zip(walk.entries, walk.rows, strict=True):
            listed = walk.is_about(row)
            if listed or row["verdict"] != Label.OFF_TOPIC:
                near = "near" if item.id in walk.followed.near else "not listed"
                lines += _listing(item, row, "about" if listed else near)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _listing(item: Item, row: dict[str, Any], listed: str) -> list[str]:
    article = item.article
    head = f"{row['verdict']} {row['score']:.2f} [{listed}] {item.id} {article.lang} {article.seen_at:%Y-%m-%d %H:%M}"
    return [head, f"    {article.title}", f"    {article.summary}", f"    {'; '.join(row['reasons'])}"]


# --------------------------------------------------------------------------- a stream's needles in the haystack


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A stream's relevant items, cut to title and summary, each among strange entries."""

    stream: str
    needles: list[tuple[Labelled, Label]]
    seeded: frozenset[str]  # developments that the seed tells
    strange: int  # entries around them
    false_alerts: list[Item]

    @property
    def recall(self) -> float:
        """The share of the needles that are found: not off-topic."""
        return mean(verdict != Label.OFF_TOPIC for _, verdict in self.needles)

    @property
    def told(self) -> tuple[int, int]:
        """Of the needles with a development that the seed does not tell: how many are told as one, and all."""
        new = [verdict for labelled, verdict in self.needles if labelled.developments - self.seeded]
        return sum(verdict == Label.DEVELOPMENT for verdict in new), len(new)


def search_needles(judges: Judges, entries: Sequence[Item], encoder: Encoder) -> list[Search]:
    """All streams."""
    hay = spread(entries, AMONG)
    return [search(stream, weights, hay, encoder) for stream, weights in judges]


def search(stream: Stream, weights: Weights, hay: Sequence[Item], encoder: Encoder) -> Search:
    """Each needle with its share of the haystack: half of the entries before it, half after, the story fresh each time."""
    first = begin(stream, encoder, weights)
    relevant = [labelled for labelled in stream.items if labelled.relevant]
    needles: list[tuple[Labelled, Label]] = []
    false_alerts: list[Item] = []
    for labelled, part in zip(relevant, np.array_split(np.arange(len(hay)), len(relevant)), strict=True):
        around = [hay[at] for at in part.tolist()]
        middle = len(around) // 2
        replay = Replay(story=first, encoder=encoder)
        rows = [replay.decide(item) for item in around[:middle]]
        needles.append((labelled, Label(replay.decide(_needle(labelled, around[middle]))["verdict"])))
        rows += [replay.decide(item) for item in around[middle:]]
        pairs = zip(around, rows, strict=True)
        false_alerts += [item for item, row in pairs if row["verdict"] == Label.DEVELOPMENT]
    return Search(
        stream=stream.name, seeded=stream.seeded, needles=needles, strange=len(hay), false_alerts=false_alerts
    )


def _needle(labelled: Labelled, beside: Item) -> Item:
    """Title and summary of an item, seen when the entry beside it was."""
    article = feed_only(labelled.article)
    late = beside.article.seen_at - article.seen_at
    published = article.published_at and article.published_at + late
    return replace(labelled.item, article=replace(article, seen_at=beside.article.seen_at, published_at=published))


def print_searches(searches: Sequence[Search]) -> None:
    """A line a stream, the recall by language, and what was missed or told wrongly."""
    lines = ["stream                     needles recall          told false alerts per 10,000"]
    lines += [
        _search_line(
            one.stream, len(one.needles), one.recall, told=one.told, alerts=len(one.false_alerts), of=one.strange
        )
        for one in searches
    ]
    whole = _search_line(
        "mean",
        sum(len(one.needles) for one in searches),
        mean(one.recall for one in searches),
        told=(sum(one.told[0] for one in searches), sum(one.told[1] for one in searches)),
        alerts=sum(len(one.false_alerts) for one in searches),
        of=sum(one.strange for one in searches),
    )
    lines += [whole, ""]
    by_language: dict[str, list[bool]] = {}
    for labelled, verdict in (needle for one in searches for needle in one.needles):
        by_language.setdefault(labelled.article.lang, []).append(verdict != Label.OFF_TOPIC)
    lines += [f"{lang:26} {len(found):7} {mean(found):6.3f}" for lang, found in sorted(by_language.items())]
    lines += ["", "false alerts:"]
    lines += [f"  {one.stream} {item.id} {item.article.lang}" for one in searches for item in one.false_alerts]
    lines += ["missed:"]
    lines += [
        f"  {one.stream} {labelled.item.id} {labelled.article.lang} {labelled.article.title[:90]}"
        for one in searches
        for labelled, verdict in one.needles
        if verdict == Label.OFF_TOPIC
    ]
    print("\n".join(lines))  # noqa: T201  it is a command


def _search_line(name: str, needles: int, recall: float, *, told: tuple[int, int], alerts: int, of: int) -> str:
    share = f"{told[0] / max(1, told[1]):.2f} ({told[0]:3}/{told[1]:3})"
    return f"{name:26} {needles:7} {recall:6.3f} {share:>13} {alerts:12} {alerts * PER / of:10.1f}"
