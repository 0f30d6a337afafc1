from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywatch.parse.charset import decode

TEXTS = {
    "ko": "북한군 포로 두 명이 서울로 옮겨졌다. 정부는 이들의 뜻을 존중한다고 밝혔다.",
    "ja": "北朝鮮の兵士二人が引き渡された。政府は本人の意思を尊重すると述べた。",
    "zh": "两名朝鲜士兵已经被移交。政府表示将尊重他们本人的意愿。",
    "ru": "Двое пленных переданы, сообщили в министерстве. Решение примут позднее.",
    "uk": "Двох полонених передали, повідомили в міністерстві. Рішення ухвалять пізніше, їх є ще сорок.",
    "pl": "Dwóch jeńców przekazano, poinformowało ministerstwo. Decyzja zapadnie później, źródło milczy.",
    "de": "Zwei Gefangene wurden übergeben, erklärte das Ministerium. Die Entscheidung fällt später – größere Fragen.",
    "tr": "İki esir teslim edildi, bakanlık açıkladı. Karar daha sonra alınacak, şimdilik görüş yok.",
    "el": "Δύο αιχμάλωτοι παραδόθηκαν, ανακοίνωσε το υπουργείο. Η απόφαση θα ληφθεί αργότερα.",
}
CHARSETS = [
    ("ko", "euc-kr"), ("ko", "cp949"), ("ko", "ks_c_5601-1987"), ("ja", "shift_jis"), ("ja", "euc-jp"), ("ja", "iso-2022-jp"),
    ("zh", "gb2312"), ("zh", "gbk"), ("zh", "gb18030"), ("ru", "windows-1251"), ("ru", "koi8-r"), ("ru", "iso-8859-5"),
    ("uk", "windows-1251"), ("uk", "koi8-u"), ("pl", "iso-8859-2"), ("pl", "windows-1250"), ("tr", "iso-8859-9"),
    ("tr", "windows-1254"), ("el", "iso-8859-7"), ("el", "windows-1253"),
]  # fmt: skip


def page(text: str, claim: str | None = None) -> str:
    meta = f'<meta charset="{claim}">' if claim else ""
    return f"<html><head>{meta}<title>x</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(("lang", "charset"), CHARSETS)
def test_the_documents_own_claim_is_followed(lang: str, charset: str) -> None:
    """Whatever the server says beside it."""
    html = page(TEXTS[lang], charset)
    assert decode(html.encode(charset), "text/html; charset=iso-8859-1") == html


@pytest.mark.parametrize(("lang", "charset"), CHARSETS)
def test_the_servers_claim_serves_where_the_document_makes_none(lang: str, charset: str) -> None:
    """A charset in Content-Type is believed when the bytes fit it."""
    html = page(TEXTS[lang])
    assert decode(html.encode(charset), f'text/html; charset="{charset}"') == html


@pytest.mark.parametrize("lang", TEXTS)
def test_valid_utf8_is_utf8_whatever_anybody_claims(lang: str) -> None:
    """Templates keep claiming the charset of long ago."""
    html = page(TEXTS[lang], "windows-1251")
    assert decode(html.encode(), "text/html; charset=iso-8859-1") == html


@pytest.mark.parametrize(
    ("lang", "charset"), [("ru", "windows-1251"), ("ko", "euc-kr"), ("ja", "shift_jis"), ("de", "cp1252")]
)
def test_an_undeclared_charset_is_guessed_from_the_bytes(lang: str, charset: str) -> None:
    """A latin-1 fallback would be mojibake."""
    html = page(TEXTS[lang] * 5)
    assert decode(html.encode(charset)) == html


def test_empty_claims_do_not_stand_against_the_bytes() -> None:
    """A cp1251 page that claims UTF-8 or latin-1 is read as what it is."""
    html = page(TEXTS["ru"] * 5, "utf-8")
    assert decode(html.encode("cp1251"), "text/html; charset=utf-8") == html
    assert decode(page(TEXTS["ru"] * 5, "iso-8859-1").encode("cp1251")) == page(TEXTS["ru"] * 5, "iso-8859-1")


@pytest.mark.parametrize(
    ("bom", "charset"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_a_byte_order_mark_settles_it(bom: bytes, charset: str) -> None:
    """And is no part of the text."""
    assert decode(bom + TEXTS["ko"].encode(charset)) == TEXTS["ko"]


def test_utf8_with_a_broken_place_stays_utf8() -> None:
    """One damaged character, or one cut off at the end, does not spoil the rest."""
    whole = (TEXTS["ko"] * 5).encode()
    assert decode(whole[:-5] + b"\xff" + whole[-5:]).startswith("북한군 포로")
    assert decode(whole[:-1].rstrip(b".") + "밝".encode()[:2]).startswith("북한군 포로")


def test_nonsense_claims_are_passed_over() -> None:
    """An unknown name and a codec that is no charset harm nothing."""
    for claim in ("x-no-such", "hex", "rot13"):
        assert "übergeben" in decode(page(TEXTS["de"] * 5, claim).encode("cp1252"))


def test_a_claim_that_the_bytes_contradict_is_passed_over() -> None:
    """A page in windows-1251 that says EUC-KR."""
    assert TEXTS["ru"] in decode(page(TEXTS["ru"] * 5, "euc-kr").encode("cp1251"))


def test_a_large_undeclared_document_is_guessed_by_its_beginning() -> None:
    """The guess does not take longer for a longer document."""
    html = page((TEXTS["ru"] + "</p><p>") * 8_000)
    assert decode(html.encode("cp1251"))[:2000] == html[:2000]


@given(st.binary(max_size=300))
def test_any_bytes_become_some_text(body: bytes) -> None:
    """Decoding never raises."""
    assert isinstance(decode(body, "text/html; charset=utf-8"), str)
