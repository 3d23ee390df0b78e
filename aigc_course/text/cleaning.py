"""From raw bytes to clean text: decode, parse HTML, normalise Unicode, drop what came twice."""

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


def decode(raw: bytes) -> str:
    """Bytes of unknown encoding -> text: a byte order mark decides, then UTF-8 if it fits, then GB
    18030 or Windows-1252.

    A few damaged bytes among many good ones leave it UTF-8 (with U+FFFD). Bytes that are no UTF-8
    are GB 18030 when three Chinese characters in a row come out, else Windows-1252 (where a byte
    means nothing there: U+FFFD). That rule is right for news in English and Chinese, not for every
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
    """Text that a reader of the page would see: tags, scripts, styles and navigation out, entities
    resolved.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", MarkupResemblesLocatorWarning
        )  # a headline may look like a file's name
        soup = BeautifulSoup(page, "html.parser")
    for tag in soup(_NOT_TEXT):
        tag.decompose()
    for tag in soup(_BLOCKS):  # a browser begins a new line there
        tag.insert_before("\n")
        tag.insert_after("\n")
    return soup.get_text().strip()


@checked(text=string())
def normalize(text: str) -> str:
    """One spelling for what looks the same.

    Unicode's canonical composition (NFC), no control or format characters (zero-width space, soft
    hyphen ...), any run of white space a single space, none at the ends.

    Source: Unicode Standard Annex 15.
    """
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf"))
    text = unicodedata.normalize(
        "NFC", text
    )  # again: what stood between a letter and its accent is gone now
    return re.sub(" +", " ", text).strip()


@checked(text=string())
def straight_quotes(text: str) -> str:
    """Curly quotes and apostrophes as the keyboard writes them."""
    return text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'})


@checked(texts=texts())
def deduplicate(texts: Iterable[str]) -> list[str]:
    """The first of each group of texts that differ at most in case, spaces and punctuation at the
    end, in the order given.
    """
    first: dict[str, str] = {}
    for text in texts:
        first.setdefault(key_of(text), text)
    return list(first.values())


@checked(text=string())
def key_of(text: str) -> str:
    """What duplicates have in common."""
    return re.sub(r"\s", "", text.casefold()).rstrip(".!。！ ")


def clean_page(raw: bytes) -> str:
    """One raw page -> clean text: decoded, parsed, normalised, with straight quotes."""
    return straight_quotes(normalize(html_to_text(decode(raw))))


def clean(raws: Iterable[bytes]) -> list[str]:
    """Raw pages -> clean, different texts; empty ones are dropped."""
    return deduplicate(text for text in map(clean_page, raws) if text)
