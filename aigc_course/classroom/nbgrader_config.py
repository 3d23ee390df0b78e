"""Settings of nbgrader for assignments made by `python3 course.py classroom export`.

nbgrader reads them when it is started in this folder.
"""

# ruff: noqa: F821
from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    GetGrades,
    IgnorePattern,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)

from aigc_course.classroom.grading import ExecuteApart, HideSeeds, RestoreCells

c = get_config()
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = Path(__file__).resolve().parent.name

# Where assignments are handed out and in. For several accounts on one machine, a folder that all
# can write to.
c.Exchange.root = str(Path(__file__).resolve().parent / "exchange")

# Three dots are what a learner fills in; an exercise left like that counts as not attempted.
c.ClearSolutions.code_stub = {"python": "..."}

# Cells that somebody deleted come back.
c.Autograde.sanitize_preprocessors = [
    ClearOutput,
    DeduplicateIds,
    OverwriteKernelspec,
    RestoreCells,
    OverwriteCells,
    CheckCellMetadata,
]

# Submissions run in a process of their own instead of a kernel of nbgrader's, and see nothing of
# this folder.
c.Autograde.autograde_preprocessors = [
    ExecuteApart,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
c.ExecuteApart.hide = c.CourseDirectory.root

# What goes back to learners does not tell the seeds of hidden parameters.
c.GenerateFeedback.preprocessors = [HideSeeds, GetGrades, CSSHTMLHeaderPreprocessor]
