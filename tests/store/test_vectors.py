from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from builders import NOON, a_judged, a_vector, an_article

from storywatch.core.model import Label, LanguageMean, WatchId
from storywatch.core.story import REMEMBERED
from storywatch.core.vectors import Reencoded
from storywatch.store.tables import article, verdict
from storywatch.store.vectors import Vectors

if TYPE_CHECKING:
    from desks import Desk

    from storywatch.core.vectors import KeptArticle

HARBOUR, FERRY = WatchId("harbour-strike"), WatchId("ferry")


def renewed(kept: KeptArticle, seed: int) -> Reencoded:
    rows = [a_vector(seed + number) for number in range(len(kept.sentences) + 1)]
    return Reencoded(key=kept.key, lead=rows[0], sentences=np.stack(rows[1:]))


def test_new_vectors_take_the_place_of_the_old_ones(desk: Desk) -> None:
    """Lead and sentences each get their own; the other story's, of the same article, stay."""
    judged = desk.judge(an_article(), a_judged(), a_judged(watch=FERRY))
    vectors = Vectors(desk.database)
    assert [(one.watch, one.articles, one.texts, one.encoders) for one in vectors.stale(encoder="new")] == [
        (FERRY, 1, 3, ("enc",)),
        (HARBOUR, 1, 3, ("enc",)),
    ]
    [kept] = vectors.load_stale(HARBOUR, encoder="new", limit=9)
    assert (kept.article, kept.sentences) == (judged, judged.paragraphs)
    done = renewed(kept, 500)
    vectors.record_reencoded(HARBOUR, [done], encoder="new")
    assert vectors.load_stale(HARBOUR, encoder="new", limit=9) == []
    [known] = desk.judgements.load_story(HARBOUR, encoder="new").remembered
    assert np.array_equal(known.lead, done.lead)
    assert np.array_equal([sentence.vector for sentence in known.sentences], done.sentences)
    [other] = desk.judgements.load_story(FERRY, encoder="enc").remembered
    assert np.array_equal(other.lead, a_judged(watch=FERRY).remembered.lead)
    assert [sentence.text for sentence in other.sentences] == list(judged.paragraphs)


def test_new_means_take_the_place_of_those_of_every_encoder(desk: Desk) -> None:
    """A language that is not among them has none any more; another story's stay."""
    mean = LanguageMean(lang="uk", total=np.ones(4), count=9)
    desk.judge(an_article(), a_judged(mean=mean), a_judged(watch=FERRY, mean=mean))
    vectors = Vectors(desk.database)
    assert [one.means for one in vectors.stale(encoder="new")] == [1, 1]
    vectors.record_means(HARBOUR, [LanguageMean(lang="en", total=np.full(4, 2.5), count=3)], encoder="new")
    [found] = desk.judgements.load_story(HARBOUR, encoder="new").means
    assert (found.lang, found.total.tolist(), found.count) == ("en", [2.5] * 4, 3)
    assert desk.judgements.load_story(HARBOUR, encoder="enc").means == ()
    assert len(desk.judgements.load_story(FERRY, encoder="enc").means) == 1
    vectors.record_means(FERRY, [], encoder="new")
    assert desk.judgements.load_story(FERRY, encoder="enc").means == ()


def test_only_what_a_story_remembers_is_stale(desk: Desk) -> None:
    """Not what was off-topic, and not articles older than those that it ever loads."""
    vectors = Vectors(desk.database)
    first = an_article(url="https://harbor-times.example/first")
    desk.judge(first, a_judged(first, label=Label.OFF_TOPIC, mean=None))
    assert vectors.stale(encoder="new") == []
    desk.judge(an_article(), a_judged(mean=None))
    [kept] = vectors.load_stale(HARBOUR, encoder="new", limit=9)
    with desk.database.write() as connection:  # as many newer ones as a story remembers, of the new encoder
        told = connection.execute(verdict.select().where(verdict.c.id == kept.key)).mappings().one()
        text = connection.execute(article.select().where(article.c.id == told["article_id"])).mappings().one()
        keys = range(1000, 1000 + REMEMBERED)
        connection.execute(article.insert(), [{**text, "id": key, "uid": f"art_{key}"} for key in keys])
        newer = [{**told, "id": key, "article_id": key, "encoder": "new"} for key in keys]
        connection.execute(verdict.insert(), newer)
    assert vectors.stale(encoder="new") == []
    assert vectors.load_stale(HARBOUR, encoder="new", limit=9) == []


def test_articles_are_read_backwards_page_by_page(desk: Desk) -> None:
    """The newest first, each once, those that were not about the story without sentences."""
    articles = [an_article(url=f"https://harbor-times.example/{number}", seen_at=NOON) for number in range(5)]
    for number, one in enumerate(articles):
        label = Label.OFF_TOPIC if number == 2 else Label.REPEAT
        desk.judge(one, a_judged(one, label=label))
    vectors, found, key = Vectors(desk.database), [], None
    while page := vectors.load_before(HARBOUR, key=key, limit=2):
        found += page
        key = page[-1].key
    assert [kept.article for kept in found] == articles[::-1]
    assert [bool(kept.sentences) for kept in found] == [True, True, False, True, True]
    assert vectors.load_before(FERRY, key=None, limit=2) == []
