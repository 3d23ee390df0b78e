"""A search for keys and passwords in what a notebook would store.

It runs before outputs are stored, and a test runs it over those that are stored. It looks for the
forms that well-known services give their keys, and for the values of this process's own environment
variables whose names suggest a secret. A key drawn into a picture is not found.
"""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Iterator, Mapping

from aigc_course.core.errors import CourseError

FORMS = {
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}",
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
    "JSON web token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
    "password in an address": r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/@]{3,}@",
    "authorization header": r"(?i)\bauthorization['\"]?\s*[:=]\s*['\"]?"
    r"(?:bearer|basic|token)\s+[\w.~+/=-]{8,}",
    "Jupyter token": r"[?&]token=[0-9a-f]{32,}",
    "named secret": r"(?i)\b\w*(?:api_?key|secret|passw(?:or)?d|access_?token|"
    r"auth_?token|wandb_key)\w*['\"]?\s*[:=]"
    r"\s*(?:['\"][^'\"\s]{8,}['\"]|(?=[^\s'\"]*\d)[\w+/.~!@#$%^&*-]{12,})",
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
    """Refuse a notebook with a secret in a cell, an output or the metadata.

    Raises:
        CourseError: there is one; the line tells where and of what kind, and does not repeat it.
    """
    for i, cell in enumerate(notebook.cells):
        for where, text in (("source", cell.source), *_shown(cell)):
            if kinds := found(text):
                raise CourseError(
                    f"The {where} of cell {i} holds what looks like a secret "
                    f"({', '.join(kinds)}): take it out, and make it void."
                )
    if kinds := found(json.dumps(notebook.metadata)):
        raise CourseError(
            "The notebook's metadata holds what looks like a secret "
            f"({', '.join(kinds)}): take it out, and make it void."
        )


def _shown(cell) -> Iterator[tuple[str, str]]:
    """Yield every text of a cell's outputs and metadata; pictures are left out."""
    yield "metadata", json.dumps(cell.metadata)
    for output in cell.get("outputs", ()):
        yield "output", output.get("text", "")
        yield (
            "output",
            "\n".join(
                [output.get("ename", ""), output.get("evalue", ""), *output.get("traceback", ())]
            ),
        )
        yield "output", json.dumps(output.get("metadata", {}))
        for kind, data in output.get("data", {}).items():
            if not kind.startswith(("image/png", "image/jpeg", "audio/")):
                yield "output", data if isinstance(data, str) else json.dumps(data)
