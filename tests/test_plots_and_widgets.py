"""Figures carry alternative text; widgets answer at once and show what the model gave."""

import time

import numpy as np
import pytest
from IPython.utils.capture import capture_output

from aigc_course import course_map, plots, widgets
from aigc_course.data import tales
from aigc_course.errors import CourseError
from aigc_course.models.ngram import NGram
from aigc_course.text import drawings

ALT = "what the figure shows"


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.curves([1, 2], {"a": [1, 2]}, ("x", "y"), ALT, truth=1),
        lambda: plots.bars(["a", "b"], [1, 2], "x", ALT, highlight=1),
        lambda: plots.grouped_bars(["a", "b"], {"x": [1, 2], "y": [2, 1]}, "y", ALT),
        lambda: plots.histogram([1, 2, 2], ("x", "y"), ALT, truth=1),
        lambda: plots.image_grid(np.zeros((5, 1, 8, 8)), ALT, columns=3, titles="abcde"),
        lambda: plots.heatmap(np.eye(2), ["a", "b"], ["c", "d"], ("x", "y"), ALT),
        lambda: plots.heatmap(np.eye(2), ["a", "b"], ["c", "d"], ("x", "y"), ALT, numbers=False),
        lambda: plots.curves([1, 2], {"a": [1, 100]}, ("x", "y"), ALT, log=True),
        lambda: plots.scatter([1, 2], [2, 1], ("x", "y"), ALT),
        lambda: plots.tradeoff({"a": [(0, 1, "p"), (1, 0, "q")]}, ("x", "y"), ALT),
        lambda: drawings.word_map(np.eye(4)[:, :2], {"g": [0, 1], "h": [2, 3]}, list("abcd"), ALT),
        lambda: drawings.word_map(np.eye(4)[:, :2], {"g": [0, 1], "h": [2, 3]}, (), ALT, line=(1, 1, 0)),
        lambda: drawings.word_map(np.eye(4)[:, :2], {"g": [0, 1], "h": [2, 3]}, (), ALT, line=(1, 0, -0.5)),
        lambda: plots.curves([1, 2], {str(i): [i, i] for i in range(9)}, ("x", "y"), ALT),
        lambda: plots.frontier({"a": [(1, 9), (10, 5)], "one": [(3, 4)]}, ("x", "y"), ALT, truth=2),
        lambda: drawings.attention_row("Mia had a hat . Mia".split(), [0.7, 0, 0.1, 0.1, 0.1], ALT, width=12),
        lambda: drawings.alignment(np.eye(2), ["one", "two"], ["un", "deux"], ("x", "y"), ALT),
        lambda: drawings.tree(("S", ("NP", ("PROPN", "Mia")), ("VP", ("VERB", "sleeps"))), ALT),
    ],
)
def test_figures_have_alternative_text(draw):
    shown = []
    import IPython.display

    original = IPython.display.display
    IPython.display.display = lambda figure, metadata: shown.append(metadata)
    try:
        draw()
    finally:
        IPython.display.display = original
    assert shown == [{"image/png": {"alt": ALT}}]


def test_table():
    table = plots.Table([{"a": 1, "b": 0.126}, {"a": "<x>", "b": 2.0}])
    assert repr(table).splitlines() == ["a    b", "1    0.13", "<x>  2.00"] and "&lt;x&gt;" in table._repr_html_()
    assert "empty" in repr(plots.Table([]))


def test_judged_marks_the_first_wrong_token():
    tale = tales.sample(1, seed=1)[0]
    good = plots.judged(tale.text, tales.check(tale.text), tale.tokens, tales.join)
    assert "✔ consistent (22.5 bits)" in good and "underline" not in good
    text = "Mia had a <dragon>."
    assert "not grammatical" in plots.judged(text, tales.check(text), tales.tokenize(text), tales.join) and "&lt;" in plots.judged(
        text, tales.check(text), tales.tokenize(text), tales.join
    )


def test_text_player_follows_its_controls_within_300_ms():
    train = tales.sample(500, seed=1)
    models = {n: NGram(n).fit(t.tokens for t in train) for n in (1, 3, 6)}
    box = widgets.text_player(models, tales.check, tales.tokenize, tales.join, [t.text for t in train])
    n, temperature, seed, page = box.children
    seen = {page.value}
    for control, value in ((n, 6), (temperature, 0.3), (seed, 5)):
        start = time.perf_counter()
        control.value = value
        assert time.perf_counter() - start < 0.3
        seen.add(page.value)
    assert len(seen) == 4


def test_text_player_names_a_copy():
    tale = tales.sample(1, seed=1)[0]
    box = widgets.text_player({9: NGram(9).fit([tale.tokens])}, tales.check, tales.tokenize, tales.join, [tale.text])
    box.children[1].value = 0.1
    assert "copy of a training text" in box.children[3].value


def test_image_player_follows_its_sliders_within_300_ms():
    box = widgets.image_player(lambda z: np.full((8, 8), 0.5 + z[0] / 10), ["brightness"])
    slider, picture = box.children[0].children[0], box.children[1]
    before = picture.value
    start = time.perf_counter()
    slider.value = 2.0
    assert time.perf_counter() - start < 0.3 and picture.value != before and bytes(picture.value).startswith(b"\x89PNG")


def test_course_map_names_every_lesson_that_is_there():
    from aigc_course import lessons

    numbers = {stop.number for stop in course_map.STOPS}
    assert {lesson.number for lesson in lessons.all_lessons()} <= numbers
    assert all(need in numbers for stop in course_map.STOPS for need in stop.needs)
    with capture_output():
        course_map.draw()


def test_token_player_follows_its_controls():
    from aigc_course.text.bpe import BPE

    bpe = BPE.train(["low lower lowest"] * 3, 20)
    box = widgets.token_player(bpe, "low <b>")
    text, merges, page = box.children
    whole = page.value
    assert "5 tokens for 7 characters" in whole and "&lt;" in whole and "<b>" not in whole
    merges.value = 0
    assert "7 tokens for 7 characters" in page.value
    text.value = "风"
    assert "3 tokens for 1 characters" in page.value


def test_neighbour_player():
    box = widgets.neighbour_player({"a": np.eye(3) + 0.1, "b": -np.eye(3)}, ["<x>", "y", "z"])
    word, kind, page = box.children
    before = page.value
    word.value, kind.value = "y", "b"
    assert page.value != before and "&lt;x&gt;" in page.value


def test_generator_player_passes_its_knobs_and_shows_errors():
    from aigc_course.errors import CourseError

    calls = []

    def generate(prompt, **knobs):
        calls.append((prompt, knobs))
        if prompt == "bad":
            raise CourseError("no <such> topic")
        return prompt.upper()

    box = widgets.generator_player(generate, lambda text: f"<p>{text}</p>", ["sport", "bad"], ["temperature", "top_p"])
    prompt, temperature, top_p, seed, page = box.children
    assert page.value == "<p>SPORT</p>" and calls[-1] == ("sport", {"seed": 0, "temperature": 0.7, "top_p": 1.0})
    temperature.value, top_p.value, seed.value = 1.2, 0.5, 7
    assert calls[-1] == ("sport", {"seed": 7, "temperature": 1.2, "top_p": 0.5})
    prompt.value = "bad"
    assert page.value == "<p>no &lt;such&gt; topic</p>"
    for prompts, knobs in (([], []), (["x"], ["top-k"])):
        with pytest.raises(CourseError):
            widgets.generator_player(generate, str, prompts, knobs)


def test_feedback_player_asks_one_after_the_other():
    votes = []
    box = widgets.feedback_player(["one", "<two>"], lambda text, verdict: votes.append((text, verdict)))
    page, buttons = box.children
    good, bad = buttons.children
    good.click()
    assert "&lt;two&gt;" in page.value
    bad.click()
    assert votes == [("one", "good"), ("<two>", "bad")] and good.disabled and "Thank you" in page.value


@pytest.mark.parametrize("font", [False, True])
def test_alignment_of_chinese_words_without_a_font_for_them(font, monkeypatch, capsys):
    """Empty boxes in place of words help nobody: numbers then, and the words below."""
    from matplotlib import font_manager

    monkeypatch.setattr(drawings, "_chinese_font", lambda: font_manager.FontProperties("DejaVu Sans") if font else None)
    with capture_output() as captured:
        drawings.alignment(np.eye(2), ["\u83b2\u5a1c", "\u6709"], ["Lena", "had"], ("x", "y"), ALT)
    assert ("1:\u83b2\u5a1c 2:\u6709" in captured.stdout) is not font


def test_attended_shows_shares():
    page = drawings.attended(["<end>", "Mia", "had"], [0.02, 0.9, 0.08], 2)
    assert "&lt;end&gt;" in page and "<sub>90%</sub>" in page and "2%</sub>" not in page.replace("90%", "") and page.count("border:2px") == 1
    with pytest.raises(ValueError):
        drawings.attended(["Mia"], [0.5, 0.5], 0)


def test_attention_player_follows_its_sliders():
    weights = np.zeros((2, 3, 4, 4))
    weights[..., 0] = 1
    weights[0, 2, 3] = [0, 1, 0, 0]
    player = widgets.attention_player(weights, ["Mia", "had", "a", "hat"])
    layer, head, token, page = player.children
    before = page.value
    layer.value, head.value = 0, 2
    assert page.value != before and page.value.index("had<sub>100%") and token.value == 3
    token.value = 0
    assert "Mia<sub>100%" in page.value
    with pytest.raises(CourseError, match="attention_player"):
        widgets.attention_player(weights, ["Mia"])


def test_translation_player_shows_translations_and_errors():
    def show(text, width):
        if not text:
            raise CourseError("type a <text>")
        return f"{text} {width}"

    player = widgets.translation_player(show, ["one", "two"])
    chosen, written, beam, page = player.children
    assert page.value == "one 1"
    chosen.value = "two"
    beam.value = 3
    assert page.value == "two 3" and written.value == "two"
    written.value = ""
    assert page.value == "<p>type a &lt;text&gt;</p>"
    with pytest.raises(CourseError, match="at least one"):
        widgets.translation_player(show, [])
