"""Raw web pages generated from headlines whose clean text is known (card: data/web_pages.md).

>>> page = sample(1, seed=0)[0]
>>> isinstance(page.raw, bytes), isinstance(page.text, str)
(True, True)
"""

from __future__ import annotations

import html
import random
from dataclasses import dataclass

from aigc_course.core.arguments import (
    check_argument,
    checked,
    list_of,
    one_of,
    real,
    seeds,
    texts,
    whole,
)
from aigc_course.data.stories import headlines

LANGUAGES = ("en", "zh")
_INVISIBLE = ("\u200b", "\u00ad", "\ufeff", "\x07", "\x00", "\u200e")


@dataclass(frozen=True)
class Page:
    """A web page.

    Attributes:
        raw: bytes as a crawler would get them.
        text: the clean text that a reader sees.
        topic: section of the site where the page was published; the headline's true topic.
        source: number of the headline that it shows; pages with the same source are duplicates.
        faults: names of the faults that were added to it.
    """

    raw: bytes
    text: str
    topic: str
    source: int
    faults: tuple[str, ...]


@checked(n=whole(), seed=seeds(), duplicates=real(0, below=1))
def sample(n: int, *, seed: int, language: str = "en", duplicates: float = 0.2) -> list[Page]:
    """Draw `n` pages, of which a share shows a headline that an earlier page showed.

    Args:
        n: number of pages, 0 or more.
        seed: seed of the random numbers.
        language: "en" or "zh".
        duplicates: share in [0, 1).

    Raises:
        CourseError: an argument is out of range.
    """
    check_argument("language", language, one_of(*LANGUAGES))
    rng = random.Random(seed)
    stories = headlines.sample(n, seed=seed)
    pages: list[Page] = []
    for i in range(n):
        source = rng.choice(pages).source if pages and rng.random() < duplicates else i
        text = stories[source].text if language == "en" else stories[source].chinese
        raw, faults = _spoil(text, language, rng)
        pages.append(Page(raw, text, stories[source].facts[0]["topic"], source, faults))
    return pages


def _spoil(text: str, language: str, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    """Return a page that shows `text`, as bytes, and the names of the faults in it."""
    faults = []

    def happens(name: str, share: float) -> bool:
        if rng.random() < share:
            faults.append(name)
            return True
        return False

    encoding = rng.choice(
        ("utf-8", "utf-8", "utf-8-sig", "utf-16", "gb18030" if language == "zh" else "cp1252")
    )
    shown = text.replace("'", "\u2019") if "'" in text and happens("curly quote", 0.7) else text
    if happens("invisible characters", 0.3):
        at = rng.randrange(1, len(shown))
        shown = (
            shown[:at]
            + rng.choice(_INVISIBLE if encoding != "cp1252" else ("\u00ad", "\x07", "\x00"))
            + shown[at:]
        )
    if " " in shown and happens("odd spaces", 0.4):
        shown = shown.replace(
            " ", rng.choice(("\u00a0", "  ", "\n    ", "\t")), rng.randrange(1, 4)
        )
    if happens("HTML", 0.7):
        shown = _html(shown, happens, rng)
    if encoding != "utf-8":
        faults.append(encoding)
    return shown.encode(encoding), tuple(faults)


def _html(text: str, happens, rng: random.Random) -> str:
    """Wrap a text in HTML with the faults that `happens` draws."""
    text = html.escape(text, quote=False)
    if happens("entities", 0.5):
        sure = rng.choice([i for i, c in enumerate(text) if c.isalnum()])
        text = "".join(
            f"&#{ord(c)};"
            if i == sure or (ord(c) > 32 and c not in "&;" and rng.random() < 0.1)
            else c
            for i, c in enumerate(text)
        )
    words = text.split(" ")
    if len(words) > 3 and happens("tags inside", 0.5):
        at = rng.randrange(len(words) - 1)
        words[at] = rng.choice(
            ("<b>{}</b>", "<i class='x'>{}</i>", "<a href='/n?a=1&b=2'>{}</a>")
        ).format(words[at])
    before = "<nav>Home | News | Weather</nav>" if happens("navigation", 0.5) else ""
    after = "<script>if (a < b) { track('<b>'); }</script>" if happens("script", 0.5) else ""
    closed = "" if happens("unclosed tag", 0.3) else "</p>"
    head = "<head><title>Daily News</title><style>p { color: red }</style></head>"
    return f"<html>{head}<body>{before}<p>{' '.join(words)}{closed}{after}</body></html>"


@checked(cleaned=texts(), pages=list_of(Page))
def score(cleaned: list[str], pages: list[Page]) -> dict[str, float]:
    """Compare a cleaned corpus with the true texts.

    Returns:
        "precision": share of the cleaned texts that are true ones; "recall": share of the true
        texts that are there; "too many": number of surplus copies of true texts, as a share of all
        cleaned texts.
    """
    truth = {page.text for page in pages}
    right = [text for text in cleaned if text in truth]
    return {
        "precision": len(right) / max(1, len(cleaned)),
        "recall": len(set(right)) / max(1, len(truth)),
        "too many": (len(right) - len(set(right))) / max(1, len(cleaned)),
    }
