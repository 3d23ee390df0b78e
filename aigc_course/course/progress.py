"""What a learner has done, as a map of the course and a table."""

from __future__ import annotations

from aigc_course.course import predictions, syllabus
from aigc_course.exercises.engine import catalog, record


class Overview:
    """The state of every exercise of the course, shown as a map of the course and a table.

    Args:
        done: name of an exercise -> its record, from `record.load`.
        predicted: name of a prediction -> its record.
    """

    def __init__(self, done: dict[str, dict], predicted: dict[str, dict] | None = None):
        self.right, self.resolved = predictions.counts(predicted or {})
        self.rows = [
            (
                topic,
                task.name,
                task.title,
                task.minutes,
                done.get(task.name, {"state": "open", "tries": 0, "solution_seen": False}),
            )
            for topic in catalog.TOPICS
            for task in catalog.exercises_of(topic).values()
        ]

    @staticmethod
    def _state(entry: dict) -> str:
        """Return the state of an exercise as the table shows it."""
        if entry["state"] == "right":
            return "✔ done" + (" (solution seen)" if entry["solution_seen"] else "")
        return f"✘ tried {entry['tries']}x" if entry["tries"] else "○ open"

    def __repr__(self) -> str:
        done = sum(entry["state"] == "right" for *_, entry in self.rows)
        numbers = self._numbers()
        lines = [
            f"{numbers[topic]}  {name:<26} {minutes:>3} min  {self._state(entry):<12} {title}"
            for topic, name, title, minutes, entry in self.rows
        ]
        first = f"{done} of {len(self.rows)} exercises done"
        return "\n".join([first, *self._predictions(), *lines])

    def _predictions(self) -> list[str]:
        """Return a line on how often predictions were right, [] when there are none."""
        if not self.resolved:
            return []
        share = self.right / self.resolved
        return [f"{self.right} of {self.resolved} predictions came true ({share:.0%})"]

    @staticmethod
    def _numbers() -> dict[str, str]:
        """Return topic -> number of its lesson."""
        return {lesson.topic: lesson.number for lesson in syllabus.present()}

    def counts(self) -> dict[str, tuple[int, int, int]]:
        """Count the exercises of each lesson by state: topic -> (done, tried, open)."""
        counted: dict[str, list[int]] = {}
        for topic, _, _, _, entry in self.rows:
            counted.setdefault(topic, [0, 0, 0])[
                0 if entry["state"] == "right" else 1 if entry["tries"] else 2
            ] += 1
        return {topic: tuple(numbers) for topic, numbers in counted.items()}

    def _repr_html_(self) -> str:
        from aigc_course.course.map import progress_map
        from aigc_course.plots import Table

        numbers = self._numbers()
        names = ("lesson", "exercise", "what to do", "time", "state")
        rows = (
            (numbers[topic], name, title, f"{minutes} min", self._state(entry))
            for topic, name, title, minutes, entry in self.rows
        )
        table = Table([dict(zip(names, row, strict=True)) for row in rows])._repr_html_()
        predicted = "".join(f"<p>{line}</p>" for line in self._predictions())
        return (
            f"{progress_map(self.counts())}{predicted}<details><summary>All "
            f"exercises</summary>{table}</details>"
        )


def progress() -> Overview:
    """Return the state of all exercises of the course, and how often predictions were right."""
    return Overview(record.load(), record.load("predictions"))
