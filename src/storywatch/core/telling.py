"""Which sentences of an article tell what is new, and what its development is called.

The sentences of one article compete: a conditional logit (McFadden 1974) gives each the chance that it is the one.
`trained/telling.json` and `telling.npz` hold its weights and a direction of sentences that tell news; no text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from storywatch.core.cues import is_furniture, is_live, is_reported, is_roundup
from storywatch.core.model import Place
from storywatch.core.novelty import TELLING_FIGURES
from storywatch.core.weights import Linear

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from storywatch.core.memory import Known, Look
    from storywatch.core.novelty import News
    from storywatch.core.story import Story
    from storywatch.core.weights import Matrix

SENTENCES_TOLD = 3
WORTH_TELLING = 0.1  # of the best sentence's chance
WIRED = 0.7  # from here on an earlier article has the sentence in other words
STALE = 0.8  # likeness of a title to a known sentence, from which on it is an old one
APART = 0.5  # likeness of a sentence to its title, below which it is about something else
HEADLINE_CHARS = 160
SHORTEST = 12  # characters that a sentence without its opening must have
_SPACE = re.compile(r"[\W_]+")
_DASH = r"\s*[-–—:=]\s+"
_OPENING = re.compile(
    # KYIV, Jan 11 (Agency) - | КИЇВ (Агенція) — | LONDON — | 6 March, 07.55. | 15.40 Uhr: | (서울=통신) 기자 = | 【香港】 | Photo caption:
    rf"^(?:(?:(?P<city>[^\W\d_]{{2,}})[^\n()]{{0,60}}?\s)?\([^()\n]{{2,40}}\)(?:\s?[가-힣]{{2,4}}\s?(?:특파원|기자))?{_DASH}"
    r"|(?P<place>[^\W\d_]{3,}(?:[ ’'-][^\W\d_]+){0,3})(?:, [^\n—–-]{1,30}?)?\s[—–-]\s"
    r"|(?:(?:[^\W\d_]+\.?,?\s|\d{1,2}\.?\s[^\W\d_]+,?\s)?\d{1,2}[:.]\d{2}(?:\s?(?:Uhr|h|GMT|UTC|[ap]\.?m\.?))?(?:\s?[-–—:]\s|\.\s))"
    r"|[【\[][^】\]\n]{1,30}[】\]]\s?"
    r"|(?:video|photo|image|picture|foto|bild)(?: caption)?:\s)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picker:
    """The trained part: weights by figure, and the direction (384 numbers) that sentences with news lie in."""

    model: Linear
    direction: Matrix
    encoder: str  # whose vectors the direction is for

    def chances(self, figures: Mapping[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        """For each sentence of one article the chance that it is the one that tells; they sum to 1."""
        logits = self.model.logits(np.column_stack([figures[name] for name in self.model.names]))
        raised = np.exp(logits - logits.max())
        chances: npt.NDArray[np.float64] = raised / raised.sum()
        return chances


@cache
def shipped_picker() -> Picker:
    """The one in the package."""
    files = resources.files("storywatch.core") / "trained"
    raw = json.loads((files / "telling.json").read_text("utf-8"))
    with resources.as_file(files / "telling.npz") as path, np.load(path, allow_pickle=False) as arrays:
        return parse_picker(raw, arrays["direction"])


def parse_picker(raw: Mapping[str, Any], direction: npt.NDArray[np.float16]) -> Picker:
    """The two files as a value."""
    return Picker(
        model=Linear.load(raw["telling"]), direction=direction.astype(np.float32), encoder=raw["provenance"]["encoder"]
    )


def telling_figures(
    look: Look, news: News, picker: Picker | None, *, encoder: str
) -> dict[str, npt.NDArray[np.float64]]:
    """For each sentence: what novelty measured of it, and how it stands among the others of its article.

    Without a picker, or with vectors of another `encoder` than the picker's, nothing is known of its direction.
    """
    nearest, titles = look.nearest.astype(np.float64), look.sentences @ look.sentences[0]
    count, lead = len(nearest), look.marks.head[-1]
    body = np.array([place is Place.BODY for place in look.marks.places], dtype=np.float64)
    known = picker is not None and picker.encoder == encoder and len(picker.direction) == look.sentences.shape[1]
    return {
        **dict(zip(TELLING_FIGURES, news.sentences.T, strict=True)),
        "title_like": titles.astype(np.float64),
        "wired": np.log1p((news.pairs.covered > WIRED).sum(axis=1)),
        "below_known_lead": nearest[lead] * body,
        "reported": np.array([is_reported(text) for text in look.marks.texts], dtype=np.float64),
        "direction": look.sentences.astype(np.float64) @ picker.direction if picker and known else np.zeros(count),
    }


def choose(look: Look, news: News, story: Story) -> tuple[int, ...]:
    """The places of the sentences to show: the one that most likely tells, then up to two more in the article's order.

    Not what recurs in the outlet's earlier articles, nor bylines, credits and calls to follow; nothing twice.
    """
    encoder = str(story.weights.provenance.get("encoder", ""))
    chances = story.picker.chances(telling_figures(look, news, story.picker, encoder=encoder))
    texts = look.marks.texts
    usual = furniture(look, news.pairs.articles)
    allowed = [at for at in range(len(texts)) if at not in usual] or list(range(len(texts)))
    ranked = sorted(allowed, key=lambda at: (-chances[at], at))
    shown: dict[str, int] = {}
    for at in ranked:
        if len(shown) < SENTENCES_TOLD and chances[at] >= WORTH_TELLING * chances[ranked[0]]:
            shown.setdefault(plain(texts[at]), at)
    first, *others = shown.values()
    return (first, *sorted(others))


def furniture(look: Look, earlier: Sequence[Known]) -> frozenset[int]:
    """Places of sentences that belong to the page and not to the report.

    Title and summary are the outlet's own; an edit repeats its own sentences, which are no furniture.
    """
    article = look.reading.article
    before = {
        plain(text)
        for known in earlier
        if known.record.owner == article.owner and known.record.url_key != article.url_key
        for text in known.marks.texts
    }
    return frozenset(
        at
        for at, (text, place) in enumerate(zip(look.marks.texts, look.marks.places, strict=True))
        if place in {Place.LEAD, Place.BODY} and (is_furniture(text) or plain(text) in before)
    )


def bare(text: str) -> str:
    """A sentence without the place, agency, hour or caption mark that it opens with; as it is where nothing is left."""
    opening = _OPENING.match(text)
    if opening is None:
        return text
    place = opening["place"] or opening["city"] or ""
    if place != place.upper():
        return text
    rest = text[opening.end() :].strip()
    return rest if len(rest) >= SHORTEST else text


def plain(text: str) -> str:
    """A sentence without what may differ in two copies of it: letters and figures in lower case."""
    return _SPACE.sub(" ", text.casefold()).strip()


def headline_of(look: Look, told: str) -> str:
    """The article's title, or `told`, the sentence that tells what is new, where the title does not.

    A title fails that is a live ticker's or a roundup's, and one that the story knows while the news is elsewhere.
    """
    title = look.reading.article.title.strip()
    if not title or is_live(title) or is_roundup(title) or _is_stale(look, told):
        return shortened(told or title)
    return title


def _is_stale(look: Look, told: str) -> bool:
    """Is the title near to what is known, and the sentence that tells both another and further from it?"""
    at = next((at for at, text in enumerate(look.marks.texts) if bare(text) == told), 0)
    nearest = look.nearest
    apart = float(look.sentences[at] @ look.sentences[0]) < APART
    return bool(at and nearest[0] >= STALE and apart and nearest[at] < nearest[0])


def shortened(text: str, most: int = HEADLINE_CHARS) -> str:
    """A text of `most` characters at the most, cut between words, or between characters where there are no spaces."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    head = text[: most - 1]
    words, _, rest = head.rpartition(" ")
    kept = words if words and len(rest) < most // 2 and not text[most - 1].isspace() else head
    return kept.rstrip(" ,;:—–-") + "…"
