from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders import NOON, a_watch, an_article
from encoders import WordEncoder
from hypothesis import given, settings
from hypothesis import strategies as st

from storywatch.core import story as story_module
from storywatch.core.model import Judged, Label, Match, StoryMemory, Terms, Verdict, Watch
from storywatch.core.story import FORGOTTEN, REMEMBERED, Story, guess_language, size_of_memory, watch_texts
from storywatch.pipeline import follow, read_closely

if TYPE_CHECKING:
    from storywatch.core.model import Article

WORDS = [
    "harbour",
    "strike",
    "dockers",
    "talks",
    "ships",
    "union",
    "wage",
    "40",
    "120",
    "offer",
    "refused",
    "court",
    "Monday",
    "Rossi",
]
ENCODER = WordEncoder(384)


def begin(watch: Watch | None = None, *, lang: str = "en") -> Story:
    watch = watch or a_watch(seeds=("The dockers of Hamburg went on strike on Monday. Forty ships are waiting.",))
    texts = watch_texts(watch)
    return Story.begin(watch, dict(zip(texts, ENCODER.encode(texts), strict=True)), lang=lang)


def walk(story: Story, articles: list[Article]) -> tuple[Story, list[Judged]]:
    judged = []
    for article in articles:
        judged.append(follow(read_closely(article, ENCODER), story, now=article.seen_at))
        story = story.learn(judged[-1])
    return story, judged


def memory_of(judged: list[Judged]) -> StoryMemory:
    means = {one.mean.lang: one.mean for one in judged if one.mean}
    return StoryMemory(remembered=tuple(one.remembered for one in judged), means=tuple(means.values()))


@st.composite
def streams(draw: st.DrawFn) -> list[Article]:
    bodies = draw(st.lists(st.lists(st.sampled_from(WORDS), min_size=2, max_size=14), min_size=1, max_size=7))
    langs = draw(st.lists(st.sampled_from(["en", "uk", "ko", "it"]), min_size=len(bodies), max_size=len(bodies)))
    return [
        an_article(
            url=f"https://harbor-times.example/{number}",
            title=" ".join(body[:4]),
            paragraphs=(" ".join(body) + ".",),
            lang=lang,
            seen_at=NOON + timedelta(hours=5 * number),
        )
        for number, (body, lang) in enumerate(zip(bodies, langs, strict=True))
    ]


@settings(deadline=None, max_examples=25)
@given(streams())
def test_a_restart_gives_back_the_very_same_story(articles: list[Article]) -> None:
    """What was stored gives the next article the same scores, to the last digit, as the story that never stopped."""
    story, judged = walk(begin(), articles)
    recalled = begin().recall(memory_of(judged))
    probe = read_closely(an_article(title="Dockers vote on wage offer", lang="en"), ENCODER)
    assert follow(probe, recalled, now=NOON).verdict == follow(probe, story, now=NOON).verdict
    assert np.array_equal(recalled.memory.sentences, story.memory.sentences)
    assert recalled.memory.names == story.memory.names


def test_learning_leaves_the_old_story_as_it_was() -> None:
    """A story is a value: a judgement that is not recorded after all has changed nothing."""
    story = begin()
    learnt, _ = walk(story, [an_article(title="Dockers strike in the harbour of Hamburg")])
    assert story.known == ()
    assert story.means == {}
    assert learnt is not story


def test_memory_is_bounded_alike_when_learning_and_recalling(monkeypatch: pytest.MonkeyPatch) -> None:
    """After months only the newest articles count, and whenever a restart comes it keeps the same ones, and the same facts."""
    monkeypatch.setattr(story_module, "REMEMBERED", 7)
    monkeypatch.setattr(story_module, "FORGOTTEN", 3)
    articles = [
        an_article(
            url=f"https://a.example/{n}",
            title=f"Harbour strike {n}",
            paragraphs=(f"The port counts {100 + 10 * n} waiting trucks.",),
        )
        for n in range(20)
    ]
    judged = [as_repeat(begin(), article) for article in articles]
    story, sizes = begin(), []
    for count, one in enumerate(judged, start=1):
        story = story.learn(one)
        recalled = begin().recall(memory_of(judged[:count]))
        sizes.append(len(story.known))
        newest = [article.id for article in articles[:count]][-size_of_memory(count) :]
        assert [known.record.article for known in story.known] == newest
        assert [known.record.article for known in recalled.known] == newest
        assert story.total == recalled.total == count
        assert story.facts.table == recalled.facts.table
    assert sizes == [1, 2, 3, 4, 5, 6, 7, 5, 6, 7, 5, 6, 7, 5, 6, 7, 5, 6, 7, 5]


def test_the_total_counts_what_the_store_no_longer_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store loads the newest alone, and tells how many there were: that says how many of them still count."""
    monkeypatch.setattr(story_module, "REMEMBERED", 7)
    monkeypatch.setattr(story_module, "FORGOTTEN", 3)
    judged = [as_repeat(begin(), an_article(url=f"https://a.example/{n}")) for n in range(11)]
    newest = replace(memory_of(judged[-7:]), total=11)
    recalled = begin().recall(newest)
    assert recalled.total == 11
    assert [one.record.url_key for one in recalled.known] == [f"https://a.example/{n}" for n in range(6, 11)]


@given(st.integers(min_value=0, max_value=10_000))
def test_a_memory_forgets_a_hundred_at_once_and_recalls_none(total: int) -> None:
    """All count up to 600, and from then on 501 to 600; what was forgotten does not come back with the next article."""
    size, following = size_of_memory(total), size_of_memory(total + 1)
    assert size == total if total <= REMEMBERED else REMEMBERED - FORGOTTEN < size <= REMEMBERED
    assert following == size + 1 or (size, following) == (REMEMBERED, REMEMBERED - FORGOTTEN + 1)


def as_repeat(story: Story, article: Article, label: Label = Label.REPEAT) -> Judged:
    reading = read_closely(article, ENCODER)
    return story.judged(reading, Match(relevance=0.9, about=True), Verdict(verdict=label, score=0.1), None)


def test_what_is_off_topic_is_not_remembered_by_its_sentences() -> None:
    """The ledger keeps that it was judged; the story learns nothing from it but the language's mean."""
    judged = as_repeat(begin(), an_article(), Label.OFF_TOPIC)
    assert judged.remembered.sentences == ()
    learnt = begin().learn(judged)
    assert learnt.known == ()
    assert learnt.means["en"].count > 0


def test_the_mean_of_a_language_moves_with_what_was_seen_but_not_far() -> None:
    """The shipped mean stays at least half of it, or the story's own topic would be subtracted from everything."""
    story = begin()
    before = story.mean("en")
    for number in range(40):
        story = story.learn(as_repeat(story, an_article(url=f"https://a.example/{number}")))
    sum_of_seen = story.means["en"]
    seen = sum_of_seen.total / sum_of_seen.count
    assert not np.array_equal(story.mean("en"), before)
    assert np.linalg.norm(story.mean("en") - before) <= 0.5 * np.linalg.norm(seen - before) + 1e-6
    assert np.array_equal(begin().mean("xx"), begin().mean("yy"))


def test_another_encoder_works_without_the_shipped_priors() -> None:
    """Vectors of another length have no shipped mean; the watch's own running one serves."""
    watch, encoder = a_watch(), WordEncoder(16)
    texts = watch_texts(watch)
    story = Story.begin(watch, dict(zip(texts, encoder.encode(texts), strict=True)), lang="en")
    assert not story.mean("en").any()
    for number in range(3):
        article = an_article(url=f"https://a.example/{number}", title=f"Harbour strike {number}")
        judged = follow(read_closely(article, encoder), story, now=NOON)
        story = story.learn(judged)
    assert story.mean("en").any()


def test_the_watchs_texts_are_each_named_once() -> None:
    """Name, description, its sentences, the seeds' sentences and leads: all that needs a vector, and no text twice."""
    texts = watch_texts(a_watch(name="Strike", about="Strike", seeds=("One. Two.", "One.", " ")))
    assert texts == ["Strike", "One.", "Two.", "One. Two."]


@pytest.mark.parametrize(
    ("text", "default", "lang"),
    [
        ("Dockers on strike", "de", "de"),
        ("Докери страйкують у порту, їх багато", "en", "uk"),
        ("Докеры бастуют", "en", "ru"),
        ("Докерите стачкуват", "bg", "bg"),
        ("부두 노동자 파업", "en", "ko"),
        ("港湾労働者がストライキ", "en", "ja"),
        ("码头工人罢工", "en", "zh"),
        ("They shouted 파업 and left again", "en", "en"),
        ("", "fr", "fr"),
    ],
)
def test_a_seed_in_another_script_has_its_own_language(text: str, default: str, lang: str) -> None:
    """A pasted article need not be in the language of the description."""
    assert guess_language(text, default) == lang


def test_a_development_is_remembered_with_its_id() -> None:
    """What broke a development carries its id; what repeats it, the same one; what is off-topic, none."""
    story, [first] = walk(begin(), [an_article(title="Dockers strike in the harbour of Hamburg, ships are waiting")])
    if first.development:
        assert first.remembered.development == first.development.id
    off = as_repeat(story, replace(an_article(), title="Cats"), Label.OFF_TOPIC)
    assert off.remembered.development is None
    assert Terms() == story.watch.terms
