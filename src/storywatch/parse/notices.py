"""The line in an article that says what was corrected in it, in ten languages.

It is looked for in the text that was read, not on the page: half of the pages with such words have them in their footer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from storywatch.core.text import split_sentences
from storywatch.parse.markup import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LABELLED = 700  # characters of a paragraph that begins with such a word

# Without one of these no note is in a text: most texts have none, and need not be looked at closely.
STEMS = (
    "correct", "amended", "clarif", "errat", "misstat", "misident", "misspel", "wrongly", "mistaken", "erroneous",
    "korrektur", "korrigiert", "berichtig", "richtigstellung", "version", "versión", "fassung", "rectif", "corrig",
    "corregid", "correcci", "mise au point", "fe de err", "wersji", "sprostowan", "korekt", "poprawion", "skorygowan",
    "исправ", "поправк", "уточн", "версии", "виправл", "спростув", "версії", "訂正", "おわび", "更正", "勘误", "정정",
    "바로잡", "수정했",
)  # fmt: skip
# A paragraph that begins so is a note.
LABEL = re.compile(
    r"^[\W_]*(?:"
    r"corrections?(?: and clarifications?)?(?: note)?(?: \([^)]{3,40}\)|, [\w. ,]{3,30})?\s*[:–—]|clarifications?\s*[:–—]|editor[’']s note\W+(?=.*\bcorrect)"
    r"|korrektur(?:hinweis)?\s*[:–—]|berichtigung\s*[:–—]|richtigstellung\s*[:–—]"
    r"|rectificatif\s*[:–—]|correctif\s*[:–—]|mise au point\s*[:–—]|erratum\s*[:–—]"
    r"|fe de err(?:atas|ores)\b|correcci[oó]n\s*[:–—]|rectificaci[oó]n\s*[:–—]"
    r"|sprostowanie\s*[:–—]|korekta\s*[:–—]|errata\s*[:–—]"
    r"|исправлени[ея]\s*[:–—]|поправка\s*[:–—]|уточнение\s*[:–—]"
    r"|виправлення\s*[:–—]|уточнення\s*[:–—]|спростування\s*[:–—]"
    r"|(?:【|〈|\[|<)?(?:訂正|おわび)(?:と(?:訂正|おわび))?(?:】|〉|\]|>|\s*[:\uff1a])"
    r"|(?:【|\[)?(?:更正|勘误)(?:启事|声明|说明)?(?:】|\]|\s*[:\uff1a])"
    r"|(?:\[|<|【)?(?:정정보도(?:문)?|바로잡습니다|정정합니다|정정)(?:\]|>|】|\s*[:\uff1a])"
    r")",
    re.IGNORECASE,
)
# A sentence that says so is a note, wherever it stands.
SAID = re.compile(
    r"\b(?:this|the) (?:article|story|report|piece|headline|item)(?: [\w ]{0,25})? (?:was|has been|is)"
    r"(?: \w+){0,4} (?:corrected|amended)\b"
    r"|\b(?:this|an earlier|a previous|the original) (?:article|story|version)\b.{0,80}"
    r"\b(?:incorrectly|wrongly|mistakenly|erroneously|misstated|misidentified|misspelled)\b"
    r"|\b(?:was|has been) (?:amended|updated) (?:on [\w ,]{3,30} )?to correct\b"
    r"|in einer früheren (?:version|fassung)\b.{0,120}\b(?:hieß|hiess|stand|war|haben|hatten)\b"
    r"|\b(?:diesen?|der) (?:artikel|text|beitrag|fehler|angaben?|stelle)\b.{0,60}\b(?:korrigiert|berichtigt)\b"
    r"|\banm\. d\. red\.\W.{0,200}\b(?:korrigiert|berichtigt|früheren? (?:version|fassung))\b"
    r"|\b(?:une|dans une) (?:première )?version (?:précédente|antérieure|initiale)\b"
    r"|\bcet article a été (?:corrigé|rectifié|modifié pour corriger)\b"
    r"|\b(?:este|el) (?:artículo|texto)\b.{0,40}\b(?:ha sido|fue) (?:corregido|rectificado)\b"
    r"|\b(?:en )?una versi[oó]n (?:anterior|previa)\b.{0,80}\b(?:decía|afirmaba|indicaba|señalaba|error|erróneamente)\b"
    r"|\b(?:w|we) (?:poprzedniej|pierwotnej|wcześniejszej) wersji\b.{0,60}\b(?:artykułu|tekstu)\b"
    r"|\b(?:artykuł|tekst) został (?:poprawiony|skorygowany|sprostowany)\b"
    r"|\bв (?:предыдущей|первоначальной|ранней|прежней) версии\b"
    r"|\b(?:ошибка|неточность|текст|материал)\b.{0,30}\bисправлен[аоы]?\b"
    r"|\b(?:у|в) (?:попередній|первісній|початковій) версії\b"
    r"|\b(?:помилку|неточність|текст|матеріал)\b.{0,30}\bвиправлен[оаий]*\b"
    r"|(?:記事|本文|見出し|当初|初出).{0,60}(?:訂正(?:しました|いたしました|します|致しました))"
    r"|(?:本文|此文|文章|报道|此前版本|早前版本).{0,40}(?:已更正|已作更正|更正为|特此更正|予以更正)"
    r"|(?:기사|보도|내용|본문|제목).{0,60}(?:바로잡습니다|바로잡았습니다|정정합니다|정정했습니다|수정했습니다)",
    re.IGNORECASE,
)
# These invite readers to report mistakes, or lead to a page about them.
STANDING = re.compile(
    r"@|https?://|www\.|report (?:an|any) (?:error|mistake)|(?:see|spot|found|notice) (?:an|a|any) (?:error|mistake|typo)"
    r"|corrections? (?:policy|page|desk)|fehler (?:gefunden|melden|entdeckt)|signaler une erreur|zauważyłeś błąd|zgłoś błąd"
    r"|нашли ошибку|заметили ошибку|помітили помилку|знайшли помилку|오류 신고|지적",
    re.IGNORECASE,
)


def correction_note(paragraphs: Sequence[str]) -> str | None:
    """The sentence, or the whole of a short paragraph that is labelled as a correction; None where there is none."""
    for paragraph in (*paragraphs[-6:][::-1], *paragraphs[:-6]):  # mostly at the end
        lower = paragraph.lower()
        if not any(stem in lower for stem in STEMS) or STANDING.search(paragraph):
            continue
        if len(paragraph) <= MAX_LABELLED and LABEL.match(paragraph):
            return paragraph
        if SAID.search(paragraph):
            said = (sentence for sentence in split_sentences(paragraph) if SAID.search(sentence))
            return next(said, shortened(paragraph, MAX_LABELLED))
    return None
