"""Figures carry alternative text; widgets answer at once and show what the model gave."""

import numpy as np
import pytest
import torch
from IPython.utils.capture import capture_output

from aigc_course import plots
from aigc_course.data.stories import tales
from aigc_course.plots import text as text_plots

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
        lambda: plots.word_map(np.eye(4)[:, :2], {"g": [0, 1], "h": [2, 3]}, list("abcd"), ALT),
        lambda: plots.word_map(
            np.eye(4)[:, :2], {"g": [0, 1], "h": [2, 3]}, (), ALT, line=(1, 1, 0)
        ),
        lambda: plots.word_map(
            np.eye(4)[:, :2], {"g": [0, 1], "h": [2, 3]}, (), ALT, line=(1, 0, -0.5)
        ),
        lambda: plots.curves([1, 2], {str(i): [i, i] for i in range(9)}, ("x", "y"), ALT),
        lambda: plots.frontier({"a": [(1, 9), (10, 5)], "one": [(3, 4)]}, ("x", "y"), ALT, truth=2),
        lambda: plots.attention_row(
            "Mia had a hat . Mia".split(), [0.7, 0, 0.1, 0.1, 0.1], ALT, width=12
        ),
        lambda: plots.alignment(np.eye(2), ["one", "two"], ["un", "deux"], ("x", "y"), ALT),
        lambda: plots.signed(
            [np.eye(3), -np.eye(3), np.zeros((2, 2))], ALT, titles="abc", columns=2
        ),
        lambda: plots.latent_map(
            np.zeros((9, 9)), np.zeros((4, 2)), np.array([0, 1, 1, 0]), ("a", "b"), ALT
        ),
        lambda: plots.densities(
            [0, 1],
            [{"title": "t", "real": [0, 1], "generated": [1, 0], "D": [0, 1], "best D": [0, 1]}]
            * 2,
            ALT,
        ),
        lambda: plots.clouds(
            {"a": np.eye(2), "b": np.eye(2)}, np.eye(2), ALT, labels={"b": np.array([1, 2])}
        ),
        lambda: plots.tree(("S", ("NP", ("PROPN", "Mia")), ("VP", ("VERB", "sleeps"))), ALT),
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
    assert (
        repr(table).splitlines() == ["a    b", "1    0.13", "<x>  2.00"]
        and "&lt;x&gt;" in table._repr_html_()
    )
    assert "empty" in repr(plots.Table([]))


def test_judged_marks_the_first_wrong_token():
    tale = tales.sample(1, seed=1)[0]
    good = plots.judged(tale.text, tales.check(tale.text), tale.tokens, tales.join)
    assert "✔ consistent (22.5 bits)" in good and "underline" not in good
    text = "Mia had a <dragon>."
    assert "not grammatical" in plots.judged(
        text, tales.check(text), tales.tokenize(text), tales.join
    ) and "&lt;" in plots.judged(text, tales.check(text), tales.tokenize(text), tales.join)


@pytest.mark.parametrize("font", [False, True])
def test_alignment_of_chinese_words_without_a_font_for_them(font, monkeypatch, capsys):
    """Empty boxes in place of words help nobody: numbers then, and the words below."""
    from matplotlib import font_manager

    monkeypatch.setattr(
        text_plots,
        "_chinese_font",
        lambda: font_manager.FontProperties("DejaVu Sans") if font else None,
    )
    with capture_output() as captured:
        plots.alignment(np.eye(2), ["\u83b2\u5a1c", "\u6709"], ["Lena", "had"], ("x", "y"), ALT)
    assert ("1:\u83b2\u5a1c 2:\u6709" in captured.stdout) is not font


def test_attended_shows_shares():
    page = plots.attended(["<end>", "Mia", "had"], [0.02, 0.9, 0.08], 2)
    assert (
        "&lt;end&gt;" in page
        and "<sub>90%</sub>" in page
        and "2%</sub>" not in page.replace("90%", "")
        and page.count("border:2px") == 1
    )
    with pytest.raises(ValueError):
        plots.attended(["Mia"], [0.5, 0.5], 0)


def test_display_images_shows_once_and_then_changes_it(monkeypatch):
    import IPython.display

    class Handle:
        updates = 0

        def update(self, figure, metadata):
            self.updates += 1
            assert metadata == {"image/png": {"alt": ALT}} and len(figure.axes) == 6

    monkeypatch.setattr(IPython.display, "display", lambda figure, metadata, display_id: Handle())
    handle = plots.display_images(torch.rand(5, 1, 4, 4), ALT, columns=3)
    assert (
        plots.display_images(torch.rand(5, 1, 4, 4), ALT, columns=3, handle=handle) is handle
        and handle.updates == 1
    )
