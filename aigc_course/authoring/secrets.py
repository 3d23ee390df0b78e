"""A search for keys and passwords in what a notebook would store.

It runs before outputs are stored, and a test runs it over those that are stored. It looks for the
forms that well-known services give their keys, and for the values of this process's own environment
variables whose names suggest a secret. A key drawn into a picture is not found.

Every form has bounds, so that the time for a line grows with its length alone. The library
detect-secrets 1.5.0 found 11 of the 23 secrets that the tests plant; these forms find all.
"""

from __future__ import annotations

import base64
import contextlib
import html
import json
import os
import re
from collections.abc import Iterator, Mapping

from aigc_course.core.errors import CourseError

FORMS = {
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30}",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})",
    "GitLab token": r"\bglpat-[\w-]{20,}",
    "OpenAI or Anthropic key": r"\bsk-[A-Za-z0-9_-]{20,}",
    "AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "Google key": r"\bAIza[\w-]{35}",
    "Google token": r"\bya29\.[\w-]{20,}",
    "Slack token": r"\bxox[abeoprs]-[\w-]{10,}",
    "Slack or Discord webhook": r"https://(?:hooks\.slack\.com/services|discord(?:app)?\.com/api/webhooks)/\S{10,}",
    "Stripe key": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "PyPI token": r"\bpypi-[\w-]{20,}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}",
    "Azure key": r"AccountKey=[A-Za-z0-9+/=]{40,}",
    "JSON web token": r"\beyJ[\w-]{8,2000}\.eyJ[\w-]{8,}\.[\w-]{8,}",
    "password in an address": r"(?<=[a-z0-9+.-])://[^\s/:@]{1,100}:[^\s/@]{3,200}@",
    "authorization header": r"(?i)\bauthorization['\"]?\s{0,20}[:=]\s{0,20}['\"]?"
    r"(?:bearer|basic|token)\s{1,20}[\w.~+/=-]{8}",
    "Jupyter token": r"[?&]token=[0-9a-f]{32,}",
    "named secret": r"(?i)(?:api_?key|secret|passw(?:or)?d|access_?token|"
    r"auth_?token|wandb_key)\w{0,40}['\"]?\s{0,20}[:=]"
    r"\s{0,20}(?:['\"][^'\"\s]{8,500}['\"]|(?=[^\s'\"]{0,100}\d)[\w+/.~!@#$%^&*-]{12})",
}
"""Kind of secret -> regular expression of its form."""

_FORMS = {name: re.compile(form) for name, form in FORMS.items()}
_SECRET_NAME = re.compile(r"(?i)key|token|secret|passw|credential")


def found(text: str, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the kinds of secrets that a text holds; [] when there are none."""
    kinds = [name for name, form in _FORMS.items() if form.search(text)]
    for name, value in environment.items():
        written = {value, html.escape(value), json.dumps(value)[1:-1]}  # as text, in HTML, in JSON
        kinds += [f"value of {name}"] * (
            bool(_SECRET_NAME.search(name))
            and len(value) >= 8
            and any(form in text for form in written)
        )
    return kinds


def check(notebook) -> None:
    """Refuse a notebook with a secret anywhere in it but in the points of a picture or sound.

    Raises:
        CourseError: there is one; the line tells where and of what kind, and does not repeat it.
    """
    for where, text in _texts(notebook):
        if kinds := found(text):
            raise CourseError(
                f"The {where} holds what looks like a secret "
                f"({', '.join(kinds)}): take it out, and make it void."
            )


def _texts(notebook) -> Iterator[tuple[str, str]]:
    """Yield (where, text) for every string in a notebook."""
    for i, cell in enumerate(notebook.cells):
        for part, content in cell.items():
            name = "output" if part == "outputs" else part
            for text in _strings(content):
                yield f"{name} of cell {i}", text
    rest = {part: content for part, content in notebook.items() if part != "cells"}
    for text in _strings(rest):
        yield "notebook's metadata", text


def _strings(content: object, kind: str = "") -> Iterator[str]:
    """Yield every string in nested data, names included.

    A dictionary is also written as one text, so that a name and its value stand together; lines of
    a list are joined.

    Args:
        content: the data.
        kind: name under which they stand; that of a medium says how they are encoded.
    """
    if isinstance(content, str):
        yield _decoded(content, kind)
    elif isinstance(content, Mapping):
        plain = {k: v for k, v in content.items() if isinstance(v, str | int) and "/" not in k}
        yield json.dumps(plain)
        for name, value in content.items():
            yield str(name)
            yield from _strings(value, str(name))
    elif isinstance(content, list | tuple):
        if all(isinstance(item, str) for item in content):
            yield _decoded("".join(content), kind)
            yield "\n".join(content)
        else:
            for item in content:
                yield from _strings(item, kind)


def _decoded(text: str, kind: str) -> str:
    """Return a text as it reads: nothing of a picture or sound, base64 of other media decoded."""
    if re.match(r"(image/(?!svg)|audio/|video/)", kind):
        return ""
    if "/" in kind and re.fullmatch(r"[A-Za-z0-9+/=\s]{16,}", text):
        with contextlib.suppress(ValueError):
            return text + "\n" + base64.b64decode(text).decode("utf-8", "replace")
    return text
