"""What stands in the place of nbgrader's own steps; whole rounds are in test_classroom."""

import logging
import re
import resource
import time

import nbformat
import pytest

from aigc_course.classroom import nbgrader_steps
from aigc_course.classroom.export import marked
from aigc_course.core.errors import CourseError


def cell(source, name="", **kind):
    made = nbformat.v4.new_code_cell(source)
    return marked(made, name, **kind) if name else made


def sources(cells):
    return [one.source for one in cells]


def test_pieces_of_a_split_answer_become_one():
    first, second = "@exercise('a.b')\ndef f(x):", "    return x"
    pieces = [cell(first, "a-b"), cell(second, "a-b"), cell("", "a-b"), cell("1", "a-b-test")]
    whole = nbgrader_steps._whole(pieces)
    assert sources(whole) == [f"{first}\n{second}\n", "1"]


def test_a_copy_of_an_answer_is_no_piece_of_it():
    answer = "@exercise('a.b')\ndef f(x):\n    return x"
    assert len(nbgrader_steps._whole([cell(answer, "a-b"), cell(answer, "a-b")])) == 2
    kept = nbgrader_steps._one_of_each([cell("old", "a-b"), cell("new", "a-b")], {"a-b": None})
    assert [nbgrader_steps.name_of(one) for one in kept] == ["", "a-b"], "the last one counts"


@pytest.mark.parametrize("marks", [None, [], "x", 3, {}, {"grade_id": 3}, {"grade_id": ["x"]}])
def test_strange_marks_are_no_name(marks):
    strange = cell("1")
    strange.metadata["nbgrader"] = marks
    assert nbgrader_steps.name_of(strange) == ""
    (kept,) = nbgrader_steps._one_of_each([strange], {"a": None})
    assert "nbgrader" not in kept.metadata


def test_hidden_tests_are_cut_out_in_one_go():
    source = "require('a')\n### BEGIN HIDDEN TESTS\nseed\n### END HIDDEN TESTS\nafter"
    assert nbgrader_steps.without_hidden(source) == "require('a')\nafter"
    assert nbgrader_steps.without_hidden("a\n### BEGIN HIDDEN TESTS\nseed") == "a"
    start = time.monotonic()
    assert nbgrader_steps.without_hidden("### BEGIN HIDDEN TESTS\n" * 100_000) == ""
    assert time.monotonic() - start < 1


def test_feedback_that_takes_too_long_is_not_made(monkeypatch):
    def endless(*arguments, **more):
        while True:
            pass

    monkeypatch.setattr(nbgrader_steps.SafeFeedback, "SECONDS", 0.2)
    monkeypatch.setattr(nbgrader_steps.HTMLExporter, "from_notebook_node", endless)
    with pytest.raises(CourseError, match=r"longer than 0\.2 s"):
        nbgrader_steps.SafeFeedback().from_notebook_node(nbformat.v4.new_notebook())


def test_only_a_students_own_account_hands_in_where_accounts_have_their_names(
    monkeypatch, tmp_path
):
    owners = {"ann+a+1": "ann", "ann+a+2": "bob", "cat+a+1": "root"}
    monkeypatch.setattr(nbgrader_steps, "_owner", lambda path: owners[path.name])
    collect = nbgrader_steps.CollectPlainFiles.__new__(nbgrader_steps.CollectPlainFiles)
    collect.inbound_path = str(tmp_path)

    def latest(student):
        records = [
            {"username": student, "filename": name, "timestamp": name[-1]}
            for name in owners
            if name.startswith(student)
        ]
        return collect._sort_by_timestamp(records)[0]["filename"]

    assert latest("ann") == "ann+a+1", "the later one is bob's"
    assert latest("cat") == "cat+a+1", "accounts of this machine have other names"


LIVE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    "<iframe srcdoc='<script>1</script>'></iframe>",
    "<form action='https://example.org'><input></form>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "<a href='data:text/html,<script>1</script>'>x</a>",
    "<a href=' javascript:1'>x</a>",
    "<style>body { display: none }</style>",
    "<p style='background: url(https://example.org)'>x</p>",
    "<img src='https://example.org/seen.png'>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "<<script>script>alert(1)<</script>/script>",
]


def test_nothing_in_feedback_runs_or_calls_elsewhere():
    exporter = nbgrader_steps.SafeFeedback(template_name="basic")
    for text in LIVE:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
        page, _ = exporter.from_notebook_node(notebook)
        live = r"<(?:script|svg|iframe|form|input|style|meta)|<[^>]*\s(?:on\w+|style)\s*="
        assert not re.search(live, page, re.I), (text, page)
        assert not re.search(r"(?:href|src)=.(?!https?://|#|data:image)[^>]*>x", page), (text, page)
        assert "<img" not in page or "src" not in page, text


def test_what_a_student_means_to_say_stays():
    text = "# A *title*\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[page](https://example.org) $x < y$"
    picture = "![dot](data:image/png;base64,iVBORw0KGgo=)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text + picture)])
    page, _ = nbgrader_steps.SafeFeedback(template_name="basic").from_notebook_node(notebook)
    for part in ("<em>title</em>", "<td>1</td>", 'href="https://example.org"', "x &lt; y", "<img"):
        assert part in page, (part, page)
    assert "data:image/png;base64,iVBORw0KGgo=" in page


@pytest.mark.parametrize(
    "text",
    ["[a]: http://x.y/" + "u" * 100_000 + "\n\n" + "[a] " * 5_000, "[" * 60_000 + "`" * 60_001],
    ids=["long links", "brackets"],
)
def test_feedback_has_a_limit_of_time_and_memory(text, monkeypatch):
    monkeypatch.setattr(nbgrader_steps.SafeFeedback, "SECONDS", 5)
    exporter = nbgrader_steps.SafeFeedback(template_name="basic")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(CourseError, match="Feedback takes"):
        exporter.from_notebook_node(notebook)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


@pytest.mark.parametrize(
    "name",
    [
        "\nmal+a+2026-01-01 00:00:00.000000 UTC+x",
        "jos\udce9+a+2026-01-01 00:00:00.000000 UTC+x",
        *(
            "aaa+a+nonsense+x",
            "q+a+99999999999999999999",
            "only",
            "a+b",
            "+a+2026-01-01 00:00:00 UTC",
        ),
    ],
)
def test_a_hand_in_of_a_strange_name_stops_nobody(name):
    collect = nbgrader_steps.CollectPlainFiles.__new__(nbgrader_steps.CollectPlainFiles)
    collect.log = logging.getLogger("test")
    assert collect._path_to_record(f"/inbound/{name}")["username"] == ""
    good = collect._path_to_record("/inbound/ann+a+2026-01-01 00:00:00.000000 UTC+x")
    assert good["username"] == "ann" and good["timestamp"] > nbgrader_steps._LONG_AGO


def test_links_that_cannot_be_set_aside_stop_grading(monkeypatch):
    """nbgrader passes over exceptions of its hooks, and would follow them."""

    def fails(folder):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(nbgrader_steps.submission_files, "set_right", fails)
    with pytest.raises(SystemExit, match="cannot be moved away"):
        nbgrader_steps.set_links_aside("a", "ann", ["submitted/ann/a/a.ipynb"])


def test_only_pages_of_the_course_are_feedback(tmp_path):
    graded = tmp_path / "autograded" / "bob" / "a" / "a.ipynb"
    folder = tmp_path / "feedback" / "bob" / "a"
    (folder / "more").mkdir(parents=True)
    for name in ("a.html", "timestamp.txt", "submission_secret.txt", "summary.html", "more/x.svg"):
        (folder / name).write_text("x")
    (folder / "link").symlink_to("/etc/passwd")
    nbgrader_steps.only_pages("a", "bob", [str(graded)])
    assert sorted(path.name for path in folder.iterdir()) == [
        *("a.html", "submission_secret.txt", "timestamp.txt")
    ]


def test_a_hand_in_that_cannot_be_copied_leaves_nothing(tmp_path, monkeypatch):
    collect = nbgrader_steps.CollectPlainFiles.__new__(nbgrader_steps.CollectPlainFiles)
    collect.log = logging.getLogger("test")

    def fails(source, target):
        target.mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(nbgrader_steps.submission_files, "copy", fails)
    collect.do_copy(str(tmp_path / "ann+a+1+x"), str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
