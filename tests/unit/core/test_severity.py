"""Minor or major: what changes counts, not how loud it is told."""

from __future__ import annotations

import pytest
from builders import a_watch, an_article
from encoders import WordEncoder

from storywatch.core.model import Label, Match, Severity, Verdict
from storywatch.core.novelty import weigh_news
from storywatch.core.relevance import weigh_evidence
from storywatch.core.severity import FIGURES, SIGNS, known_alike, severity_figures, shipped_gravity, weigh_severity
from storywatch.core.story import Story, watch_texts
from storywatch.pipeline import read_closely

ENCODER = WordEncoder(384)


def figures_of(title: str, *paragraphs: str, known: str = "") -> dict[str, float]:
    watch = a_watch(seeds=("The dockers of Hamburg went on strike. Forty ships are waiting.",))
    texts = watch_texts(watch)
    story = Story.begin(watch, dict(zip(texts, ENCODER.encode(texts), strict=True)), lang="en")
    if known:
        reading = read_closely(an_article(title="Strike", paragraphs=(known,)), ENCODER)
        judged = story.judged(reading, Match(relevance=0.9, about=True), Verdict(verdict=Label.REPEAT, score=0.1), None)
        story = story.learn(judged)
    article = an_article(url="https://b.example/2", title=title, paragraphs=paragraphs)
    look = story.look_at(read_closely(article, ENCODER))
    news = weigh_news(look, story, relevance=0.9, evidence=weigh_evidence(look, story).features)
    told = [at for at, text in enumerate(look.marks.texts) if text in paragraphs][:1] or [0]
    return severity_figures(look, news, known_alike(look, story.memory), told=told)


@pytest.mark.parametrize(
    ("sentence", "figure"),
    [
        ("Two of the prisoners were released on Friday.", "freed"),
        ("Двоє полонених загинули у п'ятницю.", "died"),
        ("Beide Seiten haben das Abkommen unterzeichnet.", "agreed"),
        ("Рада директоров отклонила предложение.", "refused"),
        ("법원은 가처분 신청을 인용했다.", "decided"),
    ],
)
def test_what_changes_is_read_in_several_languages(sentence: str, figure: str) -> None:
    """A death, a release, a signature, a refusal, a ruling."""
    assert figures_of("Harbour", sentence)[figure] == 1.0


def test_how_loud_it_is_told_changes_nothing() -> None:
    """Capitals in the title, exclamation marks and words of alarm: the same severity from the same figures."""
    quiet = figures_of("Crane drivers meet", "Two of the dockers were released on Friday.")
    loud = figures_of("CRANE DRIVERS MEET!!!", "Two of the dockers were released on Friday.")
    assert {name: quiet[name] for name in ("freed", "agreed", "place", "spoken")} == {
        name: loud[name] for name in ("freed", "agreed", "place", "spoken")
    }
    assert weigh_severity(quiet, shipped_gravity()).severity is weigh_severity(loud, shipped_gravity()).severity


def test_a_changed_figure_counts_by_its_factor() -> None:
    """120 to 240 is twice as many; the same figure again is no change."""
    known = "The union says 120 ships are waiting in the harbour."
    assert figures_of("Ships", known.replace("120", "240"), known=known)["changed_by"] == pytest.approx(0.693, abs=0.01)
    assert figures_of("Ships", known, known=known)["changed_by"] == 0.0


def test_severity_is_told_with_its_chance_and_what_speaks_for_it() -> None:
    """The words name the strongest evidence, and none where there is none."""
    gravity = shipped_gravity()
    usual = dict(zip(gravity.names, gravity.mean.tolist(), strict=True))
    major = weigh_severity({**usual, "freed": 1.0, "flipped": 1.0, "lately": 0.0, "follows": 0.0}, gravity)
    assert major.severity is Severity.MAJOR
    assert major.reason.words.startswith("told as major, since it is major with a chance of ")
    assert "somebody or something was let go" in major.reason.words or "a state of things turned" in major.reason.words
    minor = weigh_severity({**usual, "lately": 9.0, "follows": 1.0, "denied": 1.0, "known_top": 1.0}, gravity)
    assert minor.severity is Severity.MINOR
    assert "the story was in the news these days" in minor.reason.words


def test_every_figure_has_words_and_pulls_the_way_it_may() -> None:
    """No weight decides that nobody can read, or that a reader would not expect."""
    gravity = shipped_gravity()
    assert set(gravity.names) == set(FIGURES)
    ways = dict(zip(gravity.names, gravity.weight.tolist(), strict=True))
    assert all(ways[name] * way >= 0 for name, way in SIGNS.items())
