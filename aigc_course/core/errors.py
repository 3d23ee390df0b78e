"""The one error that learners meet on purpose: a clear line and the way out, no traceback."""


class CourseError(Exception):
    """Something the learner can mend. The message says what is wrong and what to do.

    The command line prints the message alone; Jupyter does too, through `_render_traceback_`.
    """

    def _render_traceback_(
        self,
    ) -> list[str]:  # IPython asks an exception for this before it draws one
        return [f"{type(self).__name__}: {self}"]
