"""Every lesson in a real browser: run, play, answer, see progress, come back."""

import os
import re
import tempfile
from pathlib import Path

import browser
import nbformat
import pytest
from playwright.sync_api import TimeoutError

from aigc_course.classroom import export
from aigc_course.course import lessons
from aigc_course.diagrams import network
from aigc_course.exercises.engine import catalog
from aigc_course.exercises.engine.types import Exercise

LESSONS = lessons.all_lessons()
SHOTS = Path(
    os.environ.get("AIGC_SCREENSHOTS") or Path(tempfile.gettempdir()) / "aigc-course-screenshots"
)
CONTROLS = (
    ".noUi-handle, .jupyter-widgets input[list], .widget-button, "
    ".widget-toggle-button:not(.mod-active), canvas[role=application]"
)
ANSWERS = ".widget-html, .widget-html-content"

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """(server, function that opens a page)."""
    from playwright.sync_api import sync_playwright

    path = browser.chromium()
    if path is None:
        if os.environ.get("AIGC_BROWSER") == "required":
            pytest.fail(browser.HOW_TO_GET_ONE)
        pytest.skip(browser.HOW_TO_GET_ONE)
    SHOTS.mkdir(parents=True, exist_ok=True)
    server = browser.Server(tmp_path_factory.mktemp("lab"))
    try:
        with sync_playwright() as play:
            program = play.chromium.launch(executable_path=path or None, args=browser.ARGUMENTS)
            yield server, lambda: program.new_page(viewport={"width": 1400, "height": 1000})
            program.close()
    finally:
        server.stop()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_a_lesson_in_the_browser(lesson, pages):
    server, new_page = pages
    page = new_page()
    notebook = browser.Notebook(page, server, lesson.name)
    source = lessons.read(lesson.path)
    assert notebook.count() == len(source.cells)
    page.screenshot(path=SHOTS / f"{lesson.number}-top.png")
    notebook.run_all()
    assert not notebook.errors() and not notebook.overflowing()
    play_with_widgets(notebook, lesson)
    answer_wrongly_then_rightly(notebook, lesson, source)
    notebook.command("docmanager:save")
    come_back(page, server, lesson)
    page.close()


def play_with_widgets(notebook, lesson):
    """Every widget of the lesson answers a key within 300 ms, or says that it is busy; then how it
    looks, in the light and the dark.
    """
    page, answered = notebook.page, []
    for i in range(notebook.count()):
        controls = notebook.cell(i).locator(CONTROLS)
        if not controls.count():
            continue
        page.evaluate(
            f"document.querySelectorAll('{browser.CELL}')[{i}].scrollIntoView({{block: 'center'}})"
        )
        times, changed = [], 0
        for n in range(min(3, controls.count())):
            control, before, mine = controls.nth(n), shown(notebook, i), []
            for key in keys_for(control):
                try:
                    mine.append(
                        notebook.press(
                            control, key, f"{browser.CELL}:nth-child({i + 1}) :is({ANSWERS})"
                        )
                    )
                except TimeoutError:  # at the end of its range a control stays where it is
                    continue
                inside = f"document.querySelectorAll('{browser.CELL}')[{i}].innerHTML"
                page.wait_for_function(f"!{inside}.includes('aigc-busy 0s')", timeout=30_000)
                if shown(notebook, i) != before:
                    changed += 1
                    break
            assert mine, f"{lesson.number}, cell {i}: control {n} does nothing"
            times.append(min(mine))  # to the first sign: the answer, or that it is being worked out
        assert changed, f"{lesson.number}, cell {i}: nothing changes"
        assert max(times) <= 300, (lesson.number, i, times)
        answered += times
        for theme in ("JupyterLab Dark", "JupyterLab Light"):
            notebook.command("apputils:change-theme", theme=theme)
            page.wait_for_timeout(700)
            name = f"{lesson.number}-widget-{i}-{theme.split()[1].lower()}.png"
            notebook.cell(i).screenshot(path=SHOTS / name)
    assert answered, "no widget was found"
    print(
        f"{lesson.number}: {len(answered)} answers of widgets, the slowest after "
        f"{max(answered):.0f} ms"
    )


def keys_for(control):
    """Keys to try on a control, until something changes."""
    if control.evaluate("e => e.matches('button')"):
        return ("Space", "Enter")
    if control.evaluate("e => e.matches('input')"):
        options = control.evaluate(
            "e => [...e.list.options].map(option => option.value).filter(value => value != e.value)"
        )
        control.fill(options[len(options) // 2])
        return ("Tab",)
    return ("ArrowRight", "ArrowLeft", "ArrowUp", "Home", "End")


def shown(notebook, i):
    """What the widgets of a cell show."""
    return (
        notebook.cell(i)
        .locator(ANSWERS)
        .evaluate_all("parts => parts.map(part => part.innerHTML).join()")
    )


def first_code(source):
    """The first exercise of a lesson that asks for code."""
    return next(
        one for one in export.exercises(source) if isinstance(catalog.find(one.name), Exercise)
    )


def answer_wrongly_then_rightly(notebook, lesson, source):
    """The first exercise that asks for code: the mistake is named, then there is a tick, and
    progress() knows.
    """
    found = first_code(source)
    task = catalog.find(found.name)
    at = next(i for i, cell in enumerate(source.cells) if found.stub in cell.source)
    head = found.stub.rpartition("    ...")[0]
    for function, sign, words in (
        (task.mistakes[0].answer, "✘", task.mistakes[0].says),
        (export.right_answer(task), "✔", "right"),
    ):
        body = export.body_of(function, found.stub)
        notebook.write(
            at, head + "".join(f"    {line}\n" if line else "\n" for line in body.splitlines())
        )
        output = notebook.output(at)
        assert sign in output and words[:60] in output, output
        if sign == "✘":
            place = notebook.append("from aigc_course.course.progress import progress\nprogress()")
            before = done(notebook, place)
    notebook.write(place, "progress()")
    assert done(notebook, place) == before + 1
    notebook.cell(at).screenshot(path=SHOTS / f"{lesson.number}-exercise.png")
    notebook.cell(place).screenshot(path=SHOTS / f"{lesson.number}-progress.png")
    assert not notebook.overflowing()


def done(notebook, place):
    """How many exercises the map of the course says are done."""
    said = notebook.cell(place).locator("svg[role=img]").get_attribute("aria-label")
    return int(
        re.fullmatch(r"Map of the course: (\d+) exercises done, \d+ tried, \d+ open\.", said)[1]
    )


@pytest.mark.full(guards="authoring course")
def test_an_error_in_a_cell_is_noticed(pages):
    server, new_page = pages
    page = new_page()
    notebook = browser.Notebook(page, server, lessons.find("welcome").name)
    notebook.append("1 / 0")
    assert len(notebook.errors()) == 1
    notebook.command("notebook:shutdown-kernel")
    page.close()


KIT = (
    "from aigc_course.course.predictions import outcome, predict",
    "from aigc_course.diagrams import network as draw\ndraw.neuron()",
    'predict("chance.test", "Which one?", "two", "four", "seven")',
    'outcome("chance.test", "four")',
    "from aigc_course.course.progress import progress\nprogress()",
)


@pytest.fixture
def kit(pages):
    """A notebook with a drawing and a prediction, never run, in a new page."""
    server, new_page = pages
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in KIT])
    drawn = nbformat.v4.new_output("execute_result", execution_count=1)
    drawn.data = network.neuron()._repr_mimebundle_()
    notebook.cells[1].outputs = [drawn]
    notebook.metadata["kernelspec"] = lessons.read(LESSONS[0].path).metadata["kernelspec"]
    nbformat.write(notebook, server.folder / "home" / "notebooks" / "kit.ipynb")
    page = new_page()
    yield browser.Notebook(page, server, "kit")
    page.close()


@pytest.mark.full(guards="course widgets diagrams")
def test_a_drawing_is_seen_before_its_cell_is_run(kit):
    """Nobody has trusted that notebook yet. In both themes it brings its own background."""
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        kit.command("apputils:change-theme", theme=theme)
        kit.page.wait_for_timeout(700)
        picture = kit.cell(1).locator("img[alt^='A neuron.']")
        assert picture.evaluate("e => e.complete && e.naturalWidth") == network.neuron().width
        kit.cell(1).screenshot(path=SHOTS / f"drawing-{theme.split()[1].lower()}.png")


@pytest.mark.full(guards="course widgets diagrams")
def test_a_prediction_is_made_by_mouse_and_changed_by_keyboard(kit):
    kit.run_all()
    assert "The answer is: four" in kit.output(3) and "Which one?" in kit.output(2)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        kit.command("apputils:change-theme", theme=theme)
        kit.page.wait_for_timeout(700)
        kit.cell(2).screenshot(path=SHOTS / f"prediction-{theme.split()[1].lower()}.png")
    kit.write(2, KIT[2])  # asked again
    buttons = kit.cell(2).locator(".widget-button")
    buttons.nth(2).click()
    kit.cell(2).locator(".widget-html", has_text="You predict: seven").wait_for(timeout=5_000)
    buttons.nth(0).focus()
    kit.page.keyboard.press("Tab")
    kit.page.keyboard.press("Space")
    kit.cell(2).locator(".widget-html", has_text="You predict: four").wait_for(timeout=5_000)
    kit.write(3, KIT[3])
    assert "You predicted: four. That is what came." in kit.output(3)
    kit.write(4, KIT[4])
    assert "1 of 1 predictions came true" in kit.output(4)


def come_back(page, server, lesson):
    """After a reload and in a new kernel, progress is still there."""
    page.reload()
    again = browser.Notebook(page, server, lesson.name)
    place = again.append("from aigc_course.course.progress import progress\nprint(progress())")
    found = first_code(lessons.read(lesson.path))
    line = next(line for line in again.output(place).splitlines() if f" {found.name} " in line)
    assert "✔ done" in line
    again.command("docmanager:save")
    again.command("notebook:shutdown-kernel")
