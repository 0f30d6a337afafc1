from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import a_watch, an_article, plain_weights
from encoders import WordEncoder

from storywatch.core.matching import look_of
from storywatch.core.memory import ANCHOR, SHORT_ANCHOR
from storywatch.core.model import Label, Match, Terms, Verdict
from storywatch.core.names import skeletons_of
from storywatch.core.relevance import weigh_evidence, weigh_words
from storywatch.core.story import Story, watch_texts
from storywatch.core.text import words_of
from storywatch.core.weights import BUCKETS, Priors, bucket_of
from storywatch.pipeline import read_closely

if TYPE_CHECKING:
    from storywatch.core.model import Article

ENCODER = WordEncoder(384)
ARTICLES = 1000


def at_large(**counts: int) -> Priors:
    """News at large, in which each of these words or names stands in so many articles of a thousand."""
    frequency = np.zeros(BUCKETS, dtype=np.uint16)
    for word, count in counts.items():
        for token in words_of(word) | skeletons_of(word):
            frequency[bucket_of(token)] = count
    return Priors(articles=ARTICLES, frequency=frequency)


def begin(priors: Priors | None = None, **changes: Any) -> Story:
    watch = a_watch(seeds=("The dockers of Rotterdam went on strike, said Minister Kuipers in London.",), **changes)
    texts = watch_texts(watch)
    weights = replace(plain_weights(), priors=priors or at_large())
    return Story.begin(watch, dict(zip(texts, ENCODER.encode(texts), strict=True)), lang="en", weights=weights)


def taken(story: Story, article: Article, *, relevance: float = 0.9) -> Story:
    found, repeat = Match(relevance=relevance, about=True), Verdict(verdict=Label.REPEAT, score=0.1)
    return story.learn(story.judged(read_closely(article, ENCODER), found, repeat, None))


def evidence(article: Article, story: Story) -> dict[str, float]:
    return weigh_evidence(story.look_at(read_closely(article, ENCODER)), story).features


def test_a_rare_name_of_the_watch_says_more_than_a_common_one() -> None:
    """A surname weighs more than a capital that is in every second article."""
    story = begin(at_large(London=500, Kuipers=1))
    rare = weigh_words("Kuipers resigns", "", story)
    common = weigh_words("London votes", "", story)
    none = weigh_words("Gardens bloom", "", story)
    assert rare["names_weight"] > common["names_weight"] > none["names_weight"] == 0.0
    assert rare["names_title"] == common["names_title"] > none["names_title"] == 0.0


def test_names_of_the_description_are_told_apart_from_those_of_seeds() -> None:
    """What the user wrote is surer than what stood in a pasted article."""
    story = begin(about="The strike that Mats Ekberg leads.")
    told = weigh_words("Police arrest Ekberg", "", story)
    pasted = weigh_words("Kuipers resigns", "", story)
    assert told["names_about"] > 0
    assert told["names_rarest"] > 0
    assert (pasted["names_about"], pasted["names_rarest"]) == (0.0, 0.0)
    assert pasted["names_any"] > 0


def test_a_word_of_the_story_weighs_by_how_rare_it_is_elsewhere() -> None:
    """The story's own word is strong evidence where news at large hardly uses it, and none where all do."""
    rare = weigh_words("Dockers", "", begin(at_large(dockers=1)))
    common = weigh_words("Dockers", "", begin(at_large(dockers=900)))
    assert rare["words_top"] > common["words_top"]
    assert rare["words_mean"] > common["words_mean"]
    assert rare["words_rare"] > common["words_rare"]


def test_a_text_without_the_storys_words_misses_them() -> None:
    """Said as a figure of its own, with the least that the others can be."""
    found = weigh_words("Gardens bloom", "Roses everywhere.", begin())
    assert found["words_missed"] == 1.0
    assert (found["words_top"], found["words_mean"], found["words_rare"]) == (0.0, -1.0, 0.0)
    assert (found["bones_top"], found["bones_best"]) == (0.0, -1.0)
    assert weigh_words("Dockers walk", "", begin())["words_missed"] == 0.0


def test_words_of_accepted_articles_become_the_storys() -> None:
    """A word that all its sure articles use speaks for the next one; one of an unsure article does not."""
    article = an_article(title="Container cranes stand still", paragraphs=("Container cranes stand still.",))
    before = weigh_words("Cranes burn", "", begin())["words_top"]
    sure = weigh_words("Cranes burn", "", taken(begin(), article))["words_top"]
    unsure = weigh_words("Cranes burn", "", taken(begin(), article, relevance=ANCHOR - 0.01))["words_top"]
    assert sure > before == unsure


def test_two_lines_must_be_surer_to_draw_others_in() -> None:
    """What is short resembles much by chance."""
    article = an_article(title="Village choir sings", summary="", paragraphs=("The choir sings old songs.",))
    [sure] = taken(begin(), article, relevance=SHORT_ANCHOR).known
    [unsure] = taken(begin(), article, relevance=SHORT_ANCHOR - 0.01).known
    assert sure.sure
    assert not unsure.sure


def test_an_unsure_article_draws_nobody_in_after_it() -> None:
    """What was taken with doubt is compared with for news, and not for what the story is about."""
    article = an_article(
        title="Village choir sings", summary="", paragraphs=("The choir sings old songs. People came. It rained.",)
    )
    again = an_article(title="Village choir sings", summary="", url="https://a.example/2", paragraphs=("They sing.",))
    known = {
        relevance: evidence(again, taken(begin(), article, relevance=relevance))
        for relevance in (ANCHOR, ANCHOR - 0.01)
    }
    sure, unsure = known[ANCHOR], known[ANCHOR - 0.01]
    assert sure["accepted_near"] > unsure["accepted_near"]
    assert sure["known_title"] == pytest.approx(1.0, abs=0.01)
    assert unsure["known_title"] < 0.9


@pytest.mark.parametrize(
    ("title", "terms", "near", "missed"),
    [
        ("Strike in the harbour", 1.0, 0.0, 0.0),
        ("Striking dockers", 0.0, 1.0, 1.0),
        ("Gardens bloom", 0.0, 0.0, 1.0),
        ("Сады цветут", 0.0, 0.0, 0.0),
    ],
)
def test_the_users_words_are_found_nearly_or_missed(title: str, terms: float, near: float, missed: float) -> None:
    """Another ending is evidence of its own; a word is missed only in a script in which the user wrote one."""
    article = an_article(title=title, summary="", paragraphs=(title + ".",))
    found = evidence(article, begin(terms=Terms(any=("strike",))))
    assert (found["terms"], found["terms_near"], found["terms_missed"]) == (terms, near, missed)
    assert found["terms_none"] == 0.0
    assert evidence(article, begin())["terms_none"] == 1.0


def test_a_users_word_that_is_a_name_is_found_in_any_script() -> None:
    """The user wrote it in one script; the text has it in another."""
    story = begin(terms=Terms(any=("Sandvik",)))
    foreign = an_article(title="Забастовка в Сандвике", summary="", paragraphs=("Порт Сандвик закрыт.",), lang="ru")
    assert evidence(foreign, story)["terms_named"] > 0
    assert evidence(an_article(), story)["terms_named"] == 0.0


def test_two_lines_have_the_evidence_of_an_article() -> None:
    """Every figure that is learnt from articles can be asked of an entry, and is finite."""
    story = begin()
    [vector] = ENCODER.encode(["Dockers strike"])
    found = weigh_evidence(look_of("Dockers strike", "Ships wait.", vector, "en", story), story).features
    assert found.keys() == evidence(an_article(), story).keys()
    assert np.isfinite(list(found.values())).all()
    assert (found["feed_only"], found["same_address"]) == (1.0, 0.0)
