"""Settings of nbgrader for assignments made by `python3 course.py classroom export`. nbgrader reads
them when it is started in this folder.
"""

# ruff: noqa: F821
from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    GetGrades,
    IgnorePattern,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)

from aigc_course.classroom.grading import ExecuteApart
from aigc_course.classroom.nbgrader_steps import (
    AlignCells,
    CollectPlainFiles,
    HideSeeds,
    ReadSubmission,
    SafeFeedback,
    only_pages,
    set_links_aside,
)
from aigc_course.classroom.submission_files import prepare

c = get_config()
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = Path(__file__).resolve().parent.name

# Where assignments are handed out and in. For several accounts on one machine, a folder that all
# can write to.
c.Exchange.root = str(Path(__file__).resolve().parent / "exchange")

# Three dots are what a learner fills in; an exercise left like that counts as not attempted.
c.ClearSolutions.code_stub = {"python": "..."}

# What was handed in is put in order whenever nbgrader starts: one hand-in must not stop the others.
for line in prepare(Path(__file__).resolve().parent):
    print(line)

# Links in a submission lead anywhere that you may read: none is followed.
c.ExchangeFactory.collect = CollectPlainFiles
c.Autograde.pre_convert_hook = set_links_aside
c.Autograde.exporter_class = ReadSubmission

# Cells that somebody deleted, split or copied are put in order.
c.Autograde.sanitize_preprocessors = [
    AlignCells,
    ClearOutput,
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]

# Submissions run in a process of their own instead of a kernel of nbgrader's, and see nothing of
# this folder. Without walls (macOS, Windows) they can read and change whatever you can:
# c.ExecuteApart.walls = False
c.Autograde.autograde_preprocessors = [
    ExecuteApart,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]

# What goes back to learners does not tell the seeds of hidden parameters, and holds no script.
c.GenerateFeedback.preprocessors = [HideSeeds, GetGrades, CSSHTMLHeaderPreprocessor]
c.GenerateFeedback.exporter_class = SafeFeedback
c.GenerateFeedback.post_convert_hook = only_pages
