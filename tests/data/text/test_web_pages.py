"""Cleaning against a known truth, tokenisers there and back on any text, word boundaries, splits
that share nothing."""

import unicodedata

import pytest

from aigc_course.data.text import web_pages


@pytest.mark.parametrize("language", web_pages.LANGUAGES)
def test_pages_show_every_fault_and_their_duplicates(language):
    pages = web_pages.sample(1000, seed=2, language=language)
    faults = {fault for page in pages for fault in page.faults}
    assert faults >= {
        "invisible characters",
        "HTML",
        "entities",
        "navigation",
        "script",
        "unclosed tag",
        "utf-8-sig",
        "utf-16",
    }
    assert ("cp1252" if language == "en" else "gb18030") in faults
    marks = {
        "HTML": "<html",
        "entities": "&#",
        "navigation": "<nav",
        "script": "<script",
        "curly quote": "\u2019",
        "tags inside": "</",
    }
    for page in pages:  # what is named is really there
        raw = page.raw.decode(
            next(
                (f for f in page.faults if f in ("utf-8-sig", "utf-16", "cp1252", "gb18030")),
                "utf-8",
            )
        )
        raw = raw.replace("&#8217;", "\u2019")
        assert all(marks[fault] in raw for fault in page.faults if fault in marks), page
        hidden = any(unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t" for c in raw)
        named = "invisible characters" in page.faults
        assert hidden == named or ("&#" in raw and named)  # an entity may stand for it
    by_source = {}
    for page in pages:
        assert by_source.setdefault(page.source, (page.text, page.topic)) == (page.text, page.topic)
    assert 0.15 < 1 - len(by_source) / len(pages) < 0.25
    assert web_pages.sample(20, seed=3, duplicates=0)[5].source == 5
