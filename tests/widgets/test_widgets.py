"""Figures carry alternative text; widgets answer at once and show what the model gave."""

import base64
import io
import time

import numpy as np
import pytest
import torch
from PIL import Image

from aigc_course import widgets
from aigc_course.core.errors import CourseError
from aigc_course.data.stories import tales
from aigc_course.diagrams import backprop
from aigc_course.diagrams import words as words_drawn
from aigc_course.models.text import tagger
from aigc_course.models.text.ngram import NGram
from aigc_course.widgets.parts import follow


def test_text_player_follows_its_controls_within_300_ms():
    train = tales.sample(500, seed=1)
    models = {n: NGram(n).fit(t.tokens for t in train) for n in (1, 3, 6)}
    box = widgets.text_player(
        models, tales.check, tales.tokenize, tales.join, [t.text for t in train]
    )
    n, temperature, seed, page, _ = box.children
    seen = {page.value}
    for control, value in ((n, 6), (temperature, 0.3), (seed, 5)):
        start = time.perf_counter()
        control.value = value
        assert time.perf_counter() - start < 0.3
        seen.add(page.value)
    assert len(seen) == 4


def test_text_player_names_a_copy():
    tale = tales.sample(1, seed=1)[0]
    box = widgets.text_player(
        {9: NGram(9).fit([tale.tokens])}, tales.check, tales.tokenize, tales.join, [tale.text]
    )
    box.children[1].value = 0.1
    assert "copy of a training text" in box.children[3].value


def test_image_player_follows_its_sliders_within_300_ms():
    box = widgets.image_player(lambda z: np.full((8, 8), 0.5 + z[0] / 10), ["brightness"])
    slider, picture = box.children[0].children[0], box.children[1]
    before = picture.value
    start = time.perf_counter()
    slider.value = 2.0
    assert time.perf_counter() - start < 0.3 and picture.value != before
    assert 'alt="What is generated at' in picture.value and "data:image/png" in picture.value


def test_a_widget_says_that_it_is_busy_and_what_went_wrong():
    import ipywidgets

    slider, seen = ipywidgets.IntSlider(), []

    def work():
        seen.append(line.value if len(seen) else "")
        if slider.value == 2:
            raise CourseError("choose <another>")
        if slider.value == 3:
            raise ZeroDivisionError

    line = follow([slider], work)
    assert line.value == "" and len(seen) == 1
    slider.value = 1
    assert "working" in seen[-1] and line.value == ""
    slider.value = 2
    assert line.value == "<p>choose &lt;another&gt;</p>"
    with pytest.raises(ZeroDivisionError):
        slider.value = 3
    assert line.value == ""


def test_token_player_follows_its_controls():
    from aigc_course.text.bpe import BPE

    bpe = BPE.train(["low lower lowest"] * 3, 20)
    box = widgets.token_player(bpe, "low <b>")
    text, merges, page, _ = box.children
    whole = page.value
    assert "5 tokens for 7 characters" in whole and "&lt;" in whole and "<b>" not in whole
    merges.value = 0
    assert "7 tokens for 7 characters" in page.value
    text.value = "风"
    assert "3 tokens for 1 characters" in page.value


def test_neighbour_player():
    box = widgets.neighbour_player({"a": np.eye(3) + 0.1, "b": -np.eye(3)}, ["<x>", "y", "z"])
    word, kind, page, _ = box.children
    before = page.value
    word.value, kind.value = "y", "b"
    assert page.value != before and "&lt;x&gt;" in page.value


def test_generator_player_passes_its_knobs_and_shows_errors():
    from aigc_course.core.errors import CourseError

    calls = []

    def generate(prompt, **knobs):
        calls.append((prompt, knobs))
        if prompt == "bad":
            raise CourseError("no <such> topic")
        return prompt.upper()

    box = widgets.generator_player(
        generate, lambda text: f"<p>{text}</p>", ["sport", "bad"], ["temperature", "top_p"]
    )
    prompt, temperature, top_p, seed, page, line = box.children
    assert page.value == "<p>SPORT</p>" and calls[-1] == (
        "sport",
        {"seed": 0, "temperature": 0.7, "top_p": 1.0},
    )
    temperature.value, top_p.value, seed.value = 1.2, 0.5, 7
    assert calls[-1] == ("sport", {"seed": 7, "temperature": 1.2, "top_p": 0.5})
    prompt.value = "bad"
    assert line.value == "<p>no &lt;such&gt; topic</p>"
    for prompts, knobs in (([], []), (["x"], ["top-k"])):
        with pytest.raises(CourseError):
            widgets.generator_player(generate, str, prompts, knobs)


def test_feedback_player_asks_one_after_the_other():
    votes = []
    box = widgets.feedback_player(
        ["one", "<two>"], lambda text, verdict: votes.append((text, verdict))
    )
    page, buttons = box.children
    good, bad = buttons.children
    good.click()
    assert "&lt;two&gt;" in page.value
    bad.click()
    assert (
        votes == [("one", "good"), ("<two>", "bad")] and good.disabled and "Thank you" in page.value
    )


def test_attention_player_follows_its_sliders():
    weights = np.zeros((2, 3, 4, 4))
    weights[..., 0] = 1
    weights[0, 2, 3] = [0, 1, 0, 0]
    player = widgets.attention_player(weights, ["Mia", "had", "a", "hat"])
    layer, head, token, page, _ = player.children
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
    chosen, written, beam, page, line = player.children
    assert page.value == "one 1"
    chosen.value = "two"
    beam.value = 3
    assert page.value == "two 3" and written.value == "two"
    written.value = ""
    assert line.value == "<p>type a &lt;text&gt;</p>"
    with pytest.raises(CourseError, match="at least one"):
        widgets.translation_player(show, [])


def pixels(shown):
    """The picture in a widget: PNG bytes, or the HTML of an image."""
    png = (
        shown
        if isinstance(shown, bytes)
        else base64.b64decode(shown.partition("base64,")[2].partition('"')[0])
    )
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def test_restoration_player_damages_repairs_and_changes_no_picture():
    images = torch.rand(3, 1, 28, 28)
    before, seen = images.clone(), []

    def repair(image):
        seen.append(image.clone())
        return torch.zeros_like(image)

    player = widgets.restoration_player(images, repair)
    controls, shown, _, _ = player.children
    picture, across, down, wide, amount = controls.children
    first = shown.value
    assert pixels(first).shape == (196, 588) and (seen[-1] == 0.5).sum() >= 64
    for control, value in ((picture, 2), (across, 0), (down, 27), (wide, 3), (amount, 0.4)):
        control.value = value
        assert shown.value != first
        first = shown.value
    assert (seen[-1][0, 26:, :2] == 0.5).all() and torch.equal(images, before)
    assert not np.asarray(pixels(first))[:, 196:392].any()  # what `repair` gave, in the middle
    with pytest.raises(CourseError, match="at least one"):
        widgets.restoration_player(images[:0], repair)


def test_plane_player_follows_the_point_and_the_sliders():
    seen = []

    def decode(points):
        seen.append(points.tolist()[0])
        return torch.full((1, 1, 4, 4), float(points[0, 0] + 2) / 4)

    player = widgets.plane_player(decode, np.zeros((8, 8)))
    plane, right = player.children
    shown, across, up, _ = right.children
    before = shown.value
    start = time.perf_counter()
    plane.x = 1.5  # as the mouse or an arrow key sets it
    assert time.perf_counter() - start < 0.3
    assert across.value == 1.5 and shown.value != before and seen[-1] == [1.5, 0.0]
    up.value = -1.0
    assert (
        plane.y == -1.0 and seen[-1] == [1.5, -1.0] and pixels(plane.background).shape == (300, 300)
    )
    assert "arrow keys" in plane.label


def test_training_player_scrubs_and_moves_latents():
    calls = []

    def at(step):
        def generate(z):
            calls.append((step, z.clone()))
            return torch.sigmoid(z[:, :1, None, None].expand(-1, 1, 5, 5) + step)

        return generate

    player = widgets.training_player({10: at(10), 1: at(1)}, n_latents=4, n_sliders=2)
    when, seed, first, _, shown, _ = player.children
    assert calls[-1][0] == 10 and calls[-1][1].shape == (8, 4)
    before, z = shown.value, calls[-1][1]
    when.value = 1
    assert calls[-1][0] == 1 and torch.equal(calls[-1][1], z) and shown.value != before
    first.value = 2.0
    assert torch.allclose(calls[-1][1][:, 0], z[:, 0] + 2) and torch.equal(
        calls[-1][1][:, 1:], z[:, 1:]
    )
    seed.value = 3
    assert not torch.allclose(calls[-1][1][:, 2:], z[:, 2:])
    with pytest.raises(CourseError, match="at least one"):
        widgets.training_player({}, 4)


def test_descent_player_walks_and_says_where_it_came():
    box = widgets.descent_player(lambda w: w * w, lambda w: 2 * w, start=2.0, span=(-3, 3))
    rate, steps, page, _ = box.children
    rate.value, steps.value = 0.1, 0
    assert "from 4.000 to 4.000" in page.value
    steps.value = 1  # 2 - 0.1 x 4 = 1.6
    assert "from 4.000 to 2.560" in page.value
    with pytest.raises(CourseError, match="span"):
        widgets.descent_player(lambda w: w, lambda w: 1, start=5.0, span=(-3, 3))


def test_tree_player_goes_through_the_trees_of_each_sentence():
    one, other = ("S", ("NP", "Mia"), ("VP", "ran")), ("S", "Mia", ("VP", "ran"))
    box = widgets.tree_player({"Mia ran": [one, other], "Mia": [("NP", "Mia")]})
    sentence, number, page, line = box.children
    assert "tree 1 of 2" in page.value and number.max == 2
    first = page.value
    number.value = 2
    assert "tree 2 of 2" in page.value and page.value != first
    sentence.value = "Mia"
    assert "tree 1 of 1" in page.value and number.value == 1 and line.value == ""
    for wrong in ({}, {"Mia": []}):
        with pytest.raises(CourseError, match="a tree for each"):
            widgets.tree_player(wrong)


def test_similarity_player_counts_shared_shingles():
    box = widgets.similarity_player("Mia lost her red kite .", "Mia lost her blue kite .")
    one, other, page, line = box.children
    assert "1 of 7 different shingles" in page.value and "similarity 0.14" in page.value
    assert "<b>Mia lost her</b>" in page.value and "<b>lost her red</b>" not in page.value
    other.value = one.value
    assert "similarity 1.00" in page.value and "100 of 100 places" in page.value
    other.value = "Mia lost"
    assert "at least three words" in line.value


def test_path_player_multiplies_and_ranks():
    box = widgets.path_player(
        words_drawn.SENTENCE,
        words_drawn.TAGS,
        words_drawn.START,
        words_drawn.TRANSITION,
        words_drawn.EMISSION,
    )
    *choices, page, line = box.children
    assert "<b>0.00216</b>: number 3 of 8" in page.value
    choices[0].value = "VERB"
    assert "0.2 · 0.6 · 0.8 · 0.4 · 0.3 · 0.3 = <b>0.003456</b>: number 1 of 8" in page.value
    assert line.value == ""


def test_drawing_player_redraws_and_its_slopes_follow():
    box = widgets.drawing_player(backprop.tape, {"a": (-3, 5, 2), "b": (-3, 5, 3)})
    first, second, page, line = box.children
    assert "at place 0 two parts arrive, 6 from the product and 2" in page.value
    second.value = -2
    assert "-4 from the product and 2 from the sum, together -2" in page.value
    first.value = 0.5
    assert "Place 0 holds a = 0.5" in page.value and line.value == ""
    with pytest.raises(CourseError, match="a begins at 9, which must lie from 0 to 5"):
        widgets.drawing_player(backprop.tape, {"a": (0, 5, 9)})


def test_optimizer_player_goes_down_and_sgd_runs_away_when_the_rate_is_large():
    box = widgets.optimizer_player()
    kind, rate, steps, page, line = box.children

    def last():
        return float(page.value.rpartition(" to ")[2].removesuffix(".</p>"))

    rate.value = min(rate.options, key=lambda r: abs(r - 0.0075))
    assert 1 < last() < 16, "SGD crawls along the flat direction"
    kind.value = "SGD with momentum"
    assert last() < 1
    rate.value = min(rate.options, key=lambda r: abs(r - 0.1))
    kind.value = "SGD"
    assert last() > 1e6
    kind.value = "Adam"
    assert last() < 10
    steps.value = 0
    assert last() == 160 and line.value == ""
    with pytest.raises(CourseError, match="steepness"):
        widgets.optimizer_player(0.5)


def test_boundary_player_bends_with_hidden_neurons():
    """One neuron cannot tell equal signs from different ones; eight can."""
    x = np.random.default_rng(0).uniform(-3, 3, (200, 2))
    box = widgets.boundary_player(x, (x[:, 0] * x[:, 1] > 0) * 1.0)
    hidden, steps, seed, page, _ = box.children

    def right():
        return float(page.value.rpartition("; ")[2].partition("%")[0])

    hidden.value, steps.value = 1, 1000
    assert right() < 85
    hidden.value = 8
    assert right() > 90
    first = page.value
    steps.value = 0
    assert right() < 80 and page.value != first
    seed.value = 3
    steps.value, seed.value = 1000, 0
    assert page.value == first  # a seed gives the same border again
    with pytest.raises(CourseError, match=r"shape \(N, 2\)"):
        widgets.boundary_player(x[:, 0], x[:, 0])


def test_encoding_player_shows_what_a_wrong_encoding_makes():
    box = widgets.encoding_player("é<b>")
    written, write, read, page, _ = box.children
    assert "Ã©&lt;b&gt;" in page.value and r"\xc3\xa9" in page.value and "5 bytes" in page.value
    read.value = "utf-8"
    assert "é&lt;b&gt;" in page.value and "Ã" not in page.value
    write.value, written.value = "cp1252", "新"  # no such character: a question mark
    assert "1 bytes: <code>?" in page.value


def test_tag_player_frames_the_best_path():
    texts = [("they can fish".split(), ["PRON", "AUX", "VERB"])] * 3
    learned = tagger.Tagger([*texts, ("fish swim".split(), ["NOUN", "VERB"])])
    box = widgets.tag_player(learned, ["they can fish"])
    text, page, line = box.children
    assert "fish<sub>VERB</sub>" in page.value and page.value.count("#D55E00") == 3
    text.value = "fish <b>"
    assert "fish<sub>NOUN</sub>" in page.value and "<b>" not in page.value
    text.value = ""
    assert "1 to 20 words" in line.value
    with pytest.raises(CourseError, match="at least one"):
        widgets.tag_player(learned, [])


def test_sentence_player_tags_and_draws():
    trees = {("Mia", "sleeps"): (("S", ("NP", "Mia"), ("VP", "sleeps")), -1.0)}
    box = widgets.sentence_player(
        lambda tokens: ["X"] * len(tokens), lambda tokens: trees.get(tuple(tokens)), ["Mia sleeps"]
    )
    text, page, line = box.children
    assert "Mia<sub>X</sub>" in page.value and "<img" in page.value
    text.value = "Mia <b> sleeps"
    assert "No tree" in page.value and "<b>" not in page.value
    text.value = ""
    assert "1 to 20 words" in line.value
    with pytest.raises(CourseError, match="at least one"):
        widgets.sentence_player(lambda t: t, lambda t: None, [])
