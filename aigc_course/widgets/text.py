"""Things to play with. Each answers at once, works by keyboard, and has a static figure beside it
in its lesson.
"""

from __future__ import annotations

import html
import io
import random
from collections.abc import Callable, Sequence

import ipywidgets
import numpy as np
from PIL import Image

from aigc_course.core.errors import CourseError
from aigc_course.plots import attended, judged, token_boxes
from aigc_course.widgets.parts import follow, picture


def text_player(
    models: dict[int, object],
    check: Callable,
    tokenize: Callable,
    join: Callable,
    known: Sequence[str],
) -> ipywidgets.VBox:
    """Choose n, temperature and seed; see what the n-gram model writes and what the world says
    about it.

    Args:
        models: n -> fitted `NGram`.
        check: text -> verdict, `tales.check` say.
        tokenize: text -> tokens, as the verdict counts them.
        join: tokens -> text.
        known: the training texts; a copy of one is called a copy.
    """
    if not isinstance(models, dict) or not models:
        raise CourseError(
            "text_player needs its models as a dictionary: {6: NGram(6).fit(...), ...}."
        )
    known = set(known)
    wide = {"layout": ipywidgets.Layout(width="30em"), "style": {"description_width": "7em"}}
    n = ipywidgets.SelectionSlider(
        options=sorted(models), value=sorted(models)[len(models) // 2], description="n", **wide
    )
    temperature = ipywidgets.FloatSlider(
        value=1.0, min=0.1, max=2.0, step=0.1, description="temperature", **wide
    )
    seed = ipywidgets.IntSlider(value=0, min=0, max=99, description="seed", **wide)
    page = ipywidgets.HTML()

    def write() -> None:
        text = join(models[n.value].generate(random.Random(seed.value), temperature.value))
        copy = "<p>This is a copy of a training text.</p>" if text in known else ""
        page.value = judged(text, check(text), tokenize(text), join) + copy

    return ipywidgets.VBox([n, temperature, seed, page, follow((n, temperature, seed), write)])


def image_player(
    decode: Callable[[np.ndarray], np.ndarray],
    names: Sequence[str],
    limit: float = 3.0,
    size: int = 240,
) -> ipywidgets.HBox:
    """One slider for every latent number; the picture follows.

    Args:
        decode: (Z,) numbers -> (H, W) image in [0, 1].
        names: Z names of the sliders.
        limit: sliders go from -limit to limit.
        size: width of the picture in pixels.
    """
    style = {"description_width": "7em"}
    sliders = [
        ipywidgets.FloatSlider(
            value=0.0, min=-limit, max=limit, step=0.1, description=name, style=style
        )
        for name in names
    ]
    page = ipywidgets.HTML()

    def draw() -> None:
        image = decode(np.array([slider.value for slider in sliders]))
        pixels = Image.fromarray((np.clip(image, 0, 1) * 255).astype(np.uint8)).resize(
            (size, size), Image.Resampling.BICUBIC
        )
        data = io.BytesIO()
        pixels.save(data, format="PNG")
        at = ", ".join(
            f"{name} {slider.value:g}" for name, slider in zip(names, sliders, strict=True)
        )
        page.value = picture(data.getvalue(), f"What is generated at {at}.", size)

    return ipywidgets.HBox([ipywidgets.VBox([*sliders, follow(sliders, draw)]), page])


def token_player(tokenizer, text: str) -> ipywidgets.VBox:
    """Type a text, choose how many merges count, see the tokens.

    Args:
        tokenizer: a trained `BPE`.
        text: to begin with.
    """
    wide = {"layout": ipywidgets.Layout(width="40em"), "style": {"description_width": "5em"}}
    written = ipywidgets.Textarea(value=text, description="text", rows=3, **wide)
    merges = ipywidgets.IntSlider(
        value=len(tokenizer.merges), min=0, max=len(tokenizer.merges), description="merges", **wide
    )
    page = ipywidgets.HTML()

    def cut() -> None:
        part = type(tokenizer)(tokenizer.merges[: merges.value])
        tokens = [part.tokens[i] for i in part.encode(written.value)]
        shown = token_boxes([token.decode("utf-8", errors="backslashreplace") for token in tokens])
        page.value = f"{shown}<p>{len(tokens)} tokens for {len(written.value)} characters</p>"

    return ipywidgets.VBox([written, merges, page, follow((written, merges), cut)])


def neighbour_player(vectors: dict[str, np.ndarray], words: Sequence[str]) -> ipywidgets.VBox:
    """Choose a word and a kind of vectors; see the nearest words and how near they are.

    Args:
        vectors: name -> (V, D), one row a word.
        words: V words.
    """
    from aigc_course.models.text.word_vectors import nearest

    style = {"style": {"description_width": "5em"}}
    # A text with suggestions: in JupyterLab the arrow keys on a drop-down list go to the notebook.
    first = min(words, key=lambda word: (not word.islower(), word))
    word = ipywidgets.Combobox(
        options=sorted(words), value=first, description="word", continuous_update=False, **style
    )
    kind = ipywidgets.ToggleButtons(options=list(vectors), description="vectors", **style)
    page = ipywidgets.HTML()
    bar = (
        '<div style="display:flex"><span style="width:7em">{}</span>'
        '<span style="background:#0072B2;height:1em;width:{:.0f}px"></span>&nbsp;{:.2f}</div>'
    )

    def look() -> None:
        if word.value not in words:
            raise CourseError(
                f"{word.value!r} is none of the {len(words)} words; type the beginning "
                "of one and choose."
            )
        table, i = vectors[kind.value], list(words).index(word.value)
        unit = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)
        page.value = "".join(
            bar.format(html.escape(words[j]), 200 * max(0, c), c)
            for j in nearest(table, i, 8)
            for c in [float(unit[i] @ unit[j])]
        )

    return ipywidgets.VBox([word, kind, page, follow((word, kind), look)])


def generator_player(
    generate: Callable[..., str],
    show: Callable[[str], str],
    prompts: Sequence[str],
    knobs: Sequence[str],
) -> ipywidgets.VBox:
    """Choose a prompt and the knobs of sampling; see what a model writes.

    Args:
        generate: (prompt, seed=..., and one keyword a knob) -> text; an error of the course is
            shown as its message.
        show: text -> HTML.
        prompts: to choose from; any other can be typed.
        knobs: some of "temperature", "top_k", "top_p".
    """
    if not prompts or not set(knobs) <= set(_KNOBS):
        needed = f"at least one prompt, and knobs out of {', '.join(_KNOBS)}"
        raise CourseError(f"generator_player needs {needed}; got {list(knobs)}.")
    wide = {"layout": ipywidgets.Layout(width="30em"), "style": {"description_width": "7em"}}
    typed = {"ensure_option": False, "description": "prompt", "continuous_update": False}
    prompt = ipywidgets.Combobox(options=list(prompts), value=prompts[0], **typed, **wide)
    sliders = {
        name: make(**numbers, **wide) for name, (make, numbers) in _KNOBS.items() if name in knobs
    }
    seed = ipywidgets.IntSlider(value=0, min=0, max=99, description="seed", **wide)
    page = ipywidgets.HTML()

    def write() -> None:
        settings = {name: slider.value for name, slider in sliders.items()}
        page.value = show(generate(prompt.value, seed=seed.value, **settings))

    controls = [prompt, *sliders.values(), seed]
    return ipywidgets.VBox([*controls, page, follow(controls, write)])


_KNOBS = {
    "temperature": (
        ipywidgets.FloatSlider,
        {"value": 0.7, "min": 0.1, "max": 2.0, "step": 0.1, "description": "temperature"},
    ),
    "top_k": (ipywidgets.IntSlider, {"value": 300, "min": 1, "max": 300, "description": "top-k"}),
    "top_p": (
        ipywidgets.FloatSlider,
        {"value": 1.0, "min": 0.05, "max": 1.0, "step": 0.05, "description": "top-p"},
    ),
}


def feedback_player(texts: Sequence[str], vote: Callable[[str, str], None]) -> ipywidgets.VBox:
    """Read one text after the other and say what you think of it.

    Args:
        texts: at least one.
        vote: (text, "good" or "bad") -> None; keeps the verdict.
    """
    page, count = ipywidgets.HTML(), [0]
    buttons = [
        ipywidgets.Button(description=name, tooltip=f"This headline is {name}")
        for name in ("good", "bad")
    ]

    def show_next() -> None:
        done = count[0] >= len(texts)
        page.value = (
            "<p>Thank you: you have read all of them.</p>"
            if done
            else f"<p>{html.escape(texts[count[0]])}</p>"
        )
        for button in buttons:
            button.disabled = done

    def clicked(button) -> None:
        if count[0] >= len(texts):  # a second click on the way
            return
        vote(texts[count[0]], button.description)
        count[0] += 1
        show_next()

    for button in buttons:
        button.on_click(clicked)
    show_next()
    return ipywidgets.VBox([page, ipywidgets.HBox(buttons)])


def attention_player(weights, tokens: Sequence[str], asks: int | None = None) -> ipywidgets.VBox:
    """Choose a layer, a head and the token that asks; see whom it looks at.

    Args:
        weights: (L, H, T, T), each row summing to 1, as `GPT.attention` gives them for one text.
        tokens: T tokens.
        asks: index of the token to begin with; None is the last.
    """
    weights = np.asarray(weights)
    if weights.ndim != 4 or weights.shape[2:] != (len(tokens), len(tokens)):
        raise CourseError(
            f"attention_player needs weights of shape (layers, heads, {len(tokens)}, "
            f"{len(tokens)}), not {weights.shape}."
        )
    wide = {"layout": ipywidgets.Layout(width="40em"), "style": {"description_width": "5em"}}
    layer = ipywidgets.IntSlider(
        value=weights.shape[0] - 1, min=0, max=weights.shape[0] - 1, description="layer", **wide
    )
    head = ipywidgets.IntSlider(
        value=0, min=0, max=weights.shape[1] - 1, description="head", **wide
    )
    places = [(f"{i} {token}", i) for i, token in enumerate(tokens)]
    token = ipywidgets.SelectionSlider(
        options=places, value=len(tokens) - 1 if asks is None else asks, description="token", **wide
    )
    page = ipywidgets.HTML()

    def look() -> None:
        page.value = attended(tokens, weights[layer.value, head.value, token.value], token.value)

    return ipywidgets.VBox([layer, head, token, page, follow((layer, head, token), look)])


def translation_player(show: Callable[..., str], texts: Sequence[str]) -> ipywidgets.VBox:
    """Choose or type a text and the width of the beam; see its translation.

    Args:
        show: (text, width) -> HTML; an error of the course is shown as its message.
        texts: to choose from.
    """
    if not texts:
        raise CourseError("translation_player needs at least one text to begin with.")
    wide = {"layout": ipywidgets.Layout(width="50em"), "style": {"description_width": "5em"}}
    chosen = ipywidgets.SelectionSlider(
        options=[(str(i), text) for i, text in enumerate(texts, 1)], description="tale", **wide
    )
    written = ipywidgets.Textarea(
        value=texts[0], rows=4, description="text", continuous_update=False, **wide
    )
    beam = ipywidgets.IntSlider(
        value=1, min=1, max=6, description="beam", continuous_update=False, **wide
    )
    page = ipywidgets.HTML()

    def look() -> None:
        page.value = show(written.value, beam.value)

    chosen.observe(lambda change: setattr(written, "value", change["new"]), "value")
    return ipywidgets.VBox([chosen, written, beam, page, follow((written, beam), look)])
