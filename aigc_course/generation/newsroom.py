"""The steps from generated headlines to a page: filter, publish with a label, collect votes."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from aigc_course.core.arguments import (
    check_argument,
    checked,
    instance,
    one_of,
    string,
    texts,
    whole,
)
from aigc_course.core.errors import CourseError
from aigc_course.core.files import unused_path, write_atomically

LABEL = {
    "en": (
        "Machine-made: written by a language model, not by a person. Names, places and "
        "events are invented."
    ),
    "zh": "机器生成：由语言模型撰写，并非人写。人名、地名和事件均为虚构。",
}
VOTES = ("good", "bad")


@checked(texts=texts(), known=texts(), shortest=whole())
def tidy(texts: Iterable[str], known: Iterable[str] = (), shortest: int = 20) -> list[str]:
    """Drop headlines that are unfinished, repeated or already known, and normalize the others.

    Args:
        texts: headlines as the model generated them; "" where the end token was not reached.
        known: headlines that are not new, such as those of the training set.
        shortest: smallest number of characters of a headline.

    Returns:
        The kept headlines, with single spaces and a capital letter at the start.
    """

    def written(text: str) -> str:
        text = re.sub(r"\s+", " ", text).strip()
        return text[:1].upper() + text[1:]

    seen, kept = set(map(written, known)), []
    for text in map(written, texts):
        if text and len(text) >= shortest and text not in seen:
            seen.add(text)
            kept.append(text)
    return kept


@checked(title=string(), sections=instance(dict))
def page(title: str, sections: dict[str, Sequence[str]], language: str = "en") -> str:
    """Return an HTML page of headlines by section, labelled as machine-made.

    The label is shown to readers, and a field in the head of the page tells machines.

    Args:
        title: title of the page.
        sections: name -> headlines.
        language: "en" or "zh".
    """
    label = html.escape(LABEL[check_argument("language", language, one_of(*LABEL))])
    body = "".join(
        f"<h2>{html.escape(name)}</h2>\n<ul>\n"
        + "".join(f"<li>{html.escape(text)}</li>\n" for text in texts)
        + "</ul>\n"
        for name, texts in sections.items()
    )
    style = (
        "body{font-family:sans-serif;max-width:42em;margin:2em auto;padding:0 1em} "
        ".label{border:2px solid #D55E00;padding:.6em}"
    )
    # The value is IPTC's term for content by a trained model; the name of the HTML field that
    # holds it is this course's own convention.
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta '
        'charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        '<meta name="digitalsourcetype" '
        f'content="{source}">\n<title>{html.escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n'
        f'<h1>{html.escape(title)}</h1>\n<p class="label" '
        f'role="note">{label}</p>\n{body}</body>\n</html>\n'
    )


@checked(path=instance(str, Path), content=string())
def publish(path: Path, content: str) -> Path:
    """Write a page to a new file, never over an older one, and return the path of the file."""
    path = unused_path(Path(path))
    write_atomically(path, content.encode("utf-8"))
    return path


@checked(path=instance(str, Path), text=string(), reader=string())
def vote(path: Path, text: str, verdict: str, reader: str) -> None:
    """Add one reader's verdict to a file of JSON lines.

    Args:
        path: path of the file, created when missing.
        text: the headline.
        verdict: "good" or "bad".
        reader: who gave the verdict: "me", "checker" ...

    Raises:
        CourseError: the verdict is neither, or the file cannot be written.
    """
    check_argument("verdict", verdict, one_of(*VOTES))
    path = Path(path)
    line = json.dumps({"text": text, "verdict": verdict, "reader": reader})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise CourseError(
            f"Cannot write {path} ({error.strerror}); make room or set AIGC_HOME to another folder."
        ) from None


@checked(path=instance(str, Path))
def votes(path: Path) -> list[dict[str, str]]:
    """Return all verdicts so far, the oldest first; damaged lines are left out."""
    path = Path(path)
    if not path.is_file():
        return []
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if (
            isinstance(entry, dict)
            and entry.get("verdict") in VOTES
            and {"text", "reader"} <= entry.keys()
        ):
            found.append(entry)
    return found
