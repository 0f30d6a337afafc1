"""Words around a figure that make it inexact, in ten languages: more than, nearly, about, up to; 이상, 余, 約."""

from __future__ import annotations

import re

_OVER_BEFORE = (
    r"more than|over|above|at least|upwards of|in excess of|no (?:fewer|less) than|not less than|exceed(?:s|ed|ing)?|surpass(?:es|ed|ing)?"
    r"|mehr als|über|mindestens|wenigstens|nicht weniger als|plus de|plus d'|au moins|pas moins de|au-delà de|dépass\w+|más de|al menos|no menos de|por lo menos"
    r"|como mínimo|supera\w*|ponad|powyżej|co najmniej|nie mniej niż|więcej niż|przynajmniej|przekracza\w*|более чем|более|больше|больше чем|свыше"
    r"|не менее чем|не менее|не меньше|как минимум|минимум|превы\w+|понад|більше ніж|більше|більш як|більш ніж|не менше ніж|не менше|не менш як|щонайменше|принаймні"
    r"|перевищ\w+|최소|적어도|少なくとも|至少|超过|超過|逾|最少|不少于|多达|高达"
)
_UNDER_BEFORE = (
    r"up to|fewer than|less than|under|below|at most|no more than|not more than|as many as|a maximum of|bis zu|weniger als|unter"
    r"|höchstens|maximal|nicht mehr als|jusqu'à|jusqu'en|moins de|moins d'|au plus|pas plus de|hasta|menos de|como máximo|no más de"
    r"|do|poniżej|mniej niż|co najwyżej|nie więcej niż|maksymalnie|до|менее|менее чем|меньше|не более чем|не более|не больше|максимум|менше|менше ніж|менш як|не більше ніж|не більше"
    r"|не більш як|щонайбільше|최대|많아야|最大|最多|至多|不到|不足|不超过|未满"
)
_ABOUT_BEFORE = (
    r"about|around|some|roughly|approximately|approx\.?|nearly|almost|close to|an estimated|estimated|circa|ca\.?|rund|etwa|ungefähr|circa"
    r"|gut|fast|beinahe|knapp|nahezu|zirka|schätzungsweise|environ|près de|près d'|presque|quelque|quelques|autour de|casi|cerca de|unos"
    r"|unas|alrededor de|aproximadamente|en torno a|około|ok\.|niemal|prawie|blisko|mniej więcej|jakieś|около|почти|примерно|порядка|приблизительно"
    r"|близько|майже|приблизно|орієнтовно|약|거의|대략|約|およそ|ほぼ|约|大约|大约有|将近|近|几乎|差不多"
)
_BEFORE = re.compile(
    rf"(?:(?<![^\W\d_])|(?<=[\u3040-\u30ff\u3400-\u9fff]))(?:(?P<under>{_UNDER_BEFORE})|(?P<over>{_OVER_BEFORE})|(?P<about>{_ABOUT_BEFORE}))"
    r"(?: (?:a|an|the|einem?|einer|une?|los|las|die|den|dem|les))?\s*\Z"
)
_EAST_UNIT = (
    r"\s?(?:명|사람|개|곳|대|척|건|원|달러|人|名|个|個|位|艘|辆|輛|機|件|所|円|元|ドル|トン|吨|톤|%|km|キロ)?\s?"
)
_AFTER = re.compile(
    rf"(?:(?P<over>\s?여(?=[가-힣 ])|余り?|餘|多(?![い数])|{_EAST_UNIT}(?:이상|(?:을|를) 넘|넘|以上|超|余り|あまり|강(?= |$)|を超え|が?上回)"
    r"|\+| or more| plus(?= )| oder mehr| ou plus| o más| lub więcej| и более| или более| або більше| і більше)"
    rf"|(?P<under>{_EAST_UNIT}(?:이하|미만|以下|未満|未满|弱(?!い)|以内)| or fewer| or less| oder weniger| ou moins| o menos)"
    rf"|(?P<about>{_EAST_UNIT}(?:가량|정도|안팎|내외|쯤|ほど|程度|前後|前后|左右|近く|くらい|ぐらい|上下|来)| or so))"
)
REACH = 26


def bound_before(text: str, at: int) -> tuple[str, int] | None:
    """What the words that end at `at` in a lower-case text make of a figure there, with where they begin; None if nothing."""
    match = _BEFORE.search(text, max(0, at - REACH), at)
    return (match.lastgroup or "about", match.start()) if match else None


def bound_after(text: str, at: int) -> tuple[str, int] | None:
    """The same for words that begin at `at`, with where they end."""
    match = _AFTER.match(text, at)
    return (match.lastgroup or "about", match.end()) if match else None
