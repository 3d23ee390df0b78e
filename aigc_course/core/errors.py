"""The one error that learners are meant to see: one clear line without a traceback."""


class CourseError(Exception):
    """An error that the learner can correct: its message tells what is wrong and what to do.

    The command line prints the message alone; Jupyter does too, through `_render_traceback_`.
    """

    def _render_traceback_(
        self,
    ) -> list[str]:  # IPython calls this, where it exists, instead of drawing a traceback
        return [f"{type(self).__name__}: {self}"]
