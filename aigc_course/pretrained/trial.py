"""A trial of a folder with a model, in a process that may be ended.

Started by `limits` as `python -m aigc_course.pretrained.trial FOLDER`. It loads the tokenizer and
the model, uses both once, and ends with 0; or it prints one line on why not, and ends with 1.
"""

from __future__ import annotations

import contextlib
import sys

MOST_GB = 16
SENTENCE = "Once upon a time, in 2026, a tokenizer was asked to cut this sentence. " * 20
MOST_TOKENS = 100_000  # that the sentence may become


def main(folder: str) -> int:
    """Try a folder; return the exit status."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MOST_GB * 10**9, MOST_GB * 10**9))
    from aigc_course.pretrained import checkpoints

    try:
        _, tokenizer = checkpoints.read(folder, local_files_only=True)
        tokens = tokenizer(SENTENCE)["input_ids"]
        if len(tokens) > MOST_TOKENS:
            raise ValueError("its tokenizer makes many tokens of one sentence")
        tokenizer.decode(tokens)
    except BaseException as error:  # a tokenizer may end in an error that is no Exception
        print(checkpoints.first_line(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
