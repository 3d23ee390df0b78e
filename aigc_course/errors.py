"""The one error that learners meet on purpose: a clear line and the way out, no traceback."""


class CourseError(Exception):
    """Something the learner can mend. The message says what is wrong and what to do.

    The command line prints the message alone; Jupyter does too, through `_render_traceback_`.
    """

    def _render_traceback_(self) -> list[str]:  # IPython asks an exception for this before it draws one
        return [f"{type(self).__name__}: {self}"]


def check_count(name: str, value: object, minimum: int = 0) -> int:
    """Return `value` when it is a whole number of at least `minimum`; say what came otherwise.

    Raises:
        CourseError: `value` is no int (True and 3.0 are not) or is below `minimum`.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise CourseError(f"{name} must be a whole number of at least {minimum}, not {value!r}.")
    return value


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> str:
    """Return `value` when it is one of `choices`; list them otherwise.

    Raises:
        CourseError: `value` is none of `choices`.
    """
    if value not in choices:
        raise CourseError(f"{name} must be {' or '.join(map(repr, choices))}, not {value!r}.")
    return value


def check_share(name: str, value: object) -> float:
    """Return `value` when it is a number of at least 0 and below 1; say what came otherwise.

    Raises:
        CourseError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise CourseError(f"{name} must be a share of at least 0 and below 1, not {value!r}.")
    return value
