"""Makes this folder an nbgrader course: run nbgrader's commands here.

`nbgrader generate_assignment 04_perceptron --force`, `validate`, `autograde`, `generate_feedback`,
`export`, and the Formgrader work as nbgrader's documentation says. `descent build` obeys it too.
"""

from pathlib import Path

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import ClearHiddenTests, GetGrades

c = get_config()  # noqa: F821 (traitlets provides it)

c.CourseDirectory.course_id = "graded-descent"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)

# What students find in place of a solution. It fails until they replace it.
c.ClearSolutions.code_stub = {
    "python": "# YOUR CODE HERE\n"
    'raise NotImplementedError("not solved yet: replace these two lines by your code")'
}

# Seconds that a cell of a hand-in may run. Ours take less than one; a slow machine takes longer.
c.ExecutePreprocessor.timeout = 60
c.ExecutePreprocessor.interrupt_on_timeout = True

# Feedback goes to students: leave the hidden tests out of it, keep what they said.
c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]
