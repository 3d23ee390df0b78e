"""From raw bytes to clean text: decode, parse HTML, normalise Unicode, remove duplicates."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning

from aigc_course.core.arguments import checked, string, texts
from aigc_course.core.errors import CourseError

_NOT_TEXT = ("head", "title", "script", "style", "nav", "footer", "template")
_BLOCKS = (
    "p",
    "br",
    "div",
    "li",
    "ul",
    "ol",
    "tr",
    "td",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "article",
    "section",
    "blockquote",
)
_CHINESE = re.compile(r"[\u3400-\u9fff]{3}")

_ZWNJ, _ZWJ = "\u200c", "\u200d"  # zero-width non-joiner and joiner
# Scripts in which they change what is seen: Arabic and related ones, those of India, Myanmar and
# Khmer, Mongolian, Phags-pa, Adlam.
_JOINING = re.compile("[\u0600-\u0dff\u1000-\u109f\u1780-\u18af\ua840-\ua87f\U0001e900-\U0001e95f]")
_EMOJI = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")


def decode(raw: bytes) -> str:
    """Decode bytes of unknown encoding into text.

    A byte order mark decides, then UTF-8 if it fits, then GB 18030 or Windows-1252. A few damaged
    bytes among many good ones leave it UTF-8 (with U+FFFD). Bytes that are no UTF-8 are GB 18030
    when that gives three Chinese characters in a row, else Windows-1252 (with U+FFFD for bytes
    without a meaning there). That rule is right for news in English and Chinese, not for every
    language.

    Raises:
        CourseError: `raw` is not bytes.
    """
    if not isinstance(raw, bytes | bytearray):
        raise CourseError(
            f"decode: raw must be bytes, not {type(raw).__name__}; text that was decoded "
            "already needs no decoding."
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    if sum(ord(character) > 127 for character in text) - damaged > 2 * damaged:
        return text
    text = raw.decode("gb18030", errors="replace")
    return text if _CHINESE.search(text) else raw.decode("cp1252", errors="replace")


@checked(page=string())
def html_to_text(page: str) -> str:
    """Return the text of a page, without tags, scripts, styles and navigation, entities resolved.

    The parser is Python's own `html.parser`, which needs no further package. It reads well-formed
    pages, and many broken ones, as a browser does, but not all: in Python 3.11.7, for example, it
    takes tags inside <textarea> for tags, and does not end a comment at --!>. The HTML Standard
    says how a browser reads any page; html5lib is a parser that follows it.
    """
    with warnings.catch_warnings():
        # A headline may look like a file's name.
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        soup = BeautifulSoup(page, "html.parser")
    for tag in soup(_NOT_TEXT):
        tag.decompose()
    for tag in soup(_BLOCKS):  # a browser begins a new line there
        tag.insert_before("\n")
        tag.insert_after("\n")
    return soup.get_text().strip()


@checked(text=string())
def normalize(text: str) -> str:
    """Return a text in which what looks the same is spelled the same.

    The result is in Unicode's canonical composition (NFC) and has no control or format characters
    (zero-width space, soft hyphen ...); any run of white space is a single space, with none at the
    ends. A zero-width joiner or non-joiner stays where it changes what is seen: between two emoji
    (a woman, a joiner and a rocket are one picture, an astronaut) and between two letters of a
    script that joins them (in Persian a non-joiner keeps the parts of a word apart).

    Source: Unicode Standard Annex 15; for joiners the Unicode Standard, section 23.2 (letters), and
    Unicode Technical Standard 51 (emoji).
    """
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))
    text = "".join(
        c for c in text if c in (_ZWNJ, _ZWJ) or unicodedata.category(c) not in ("Cc", "Cf")
    )
    text = _without_idle_joiners(text)
    # Compose again, as characters between a letter and its accent have been removed.
    text = unicodedata.normalize("NFC", text)
    return re.sub(" +", " ", text).strip()


def _without_idle_joiners(text: str) -> str:
    """Remove joiners and non-joiners that change nothing of what is seen."""
    text = re.sub(f"([{_ZWNJ}{_ZWJ}])[{_ZWNJ}{_ZWJ}]+", r"\1", text)  # several look like one
    return "".join(
        c
        for i, c in enumerate(text)
        if c not in (_ZWNJ, _ZWJ) or _is_seen(c, text[i - 1 : i], text[i + 1 : i + 2])
    )


def _is_seen(joiner: str, before: str, after: str) -> bool:
    """Return whether a joiner changes the look of its neighbours ("" where there is none)."""
    if _EMOJI.match(after):
        # U+FE0F asks for the emoji's coloured form and belongs to it.
        return joiner == _ZWJ and bool(_EMOJI.match(before) or before == "\ufe0f")
    return _is_joined(before) and _is_joined(after)


def _is_joined(character: str) -> bool:
    """Return whether a character is a letter, or a mark on one, of a script that joins letters."""
    return bool(_JOINING.match(character)) and unicodedata.category(character)[0] in "LM"


@checked(text=string())
def straight_quotes(text: str) -> str:
    """Replace curly quotes and apostrophes by those of a keyboard."""
    return text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'})


@checked(texts=texts())
def deduplicate(texts: Iterable[str]) -> list[str]:
    """Return the first of each group of duplicates, in the order given.

    Texts are duplicates if they differ at most in case, white space and punctuation at the end.
    """
    first: dict[str, str] = {}
    for text in texts:
        first.setdefault(key_of(text), text)
    return list(first.values())


@checked(text=string())
def key_of(text: str) -> str:
    """Return what duplicates have in common: a text without case, white space and end marks."""
    return re.sub(r"\s", "", text.casefold()).rstrip(".!。！ ")


def clean_page(raw: bytes) -> str:
    """Return the clean text of a raw page: decoded, parsed, normalised, with straight quotes."""
    return straight_quotes(normalize(html_to_text(decode(raw))))


def clean(raws: Iterable[bytes]) -> list[str]:
    """Return the different clean texts of raw pages, without empty ones."""
    return deduplicate(text for text in map(clean_page, raws) if text)
