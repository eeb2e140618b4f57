"""Makes this folder an nbgrader course: run nbgrader's commands here.

`nbgrader generate_assignment 04_perceptron --force`, `validate`, `autograde`, `generate_feedback`,
`export`, and the Formgrader work as nbgrader's documentation says. `descent build` obeys it too.
"""

from pathlib import Path

from descent.grading import provision

c = get_config()  # noqa: F821 (traitlets provides it)

c.CourseDirectory.course_id = "graded-descent"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)

# What students find in place of a solution. It fails until they replace it.
c.ClearSolutions.code_stub = {
    "python": "# YOUR CODE HERE\n"
    'raise NotImplementedError("not solved yet: replace these two lines by your code")'
}

# What browsers would run on this server's behalf is not copied beside graded notebooks.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback"] + [
    f"*.{ending}" for ending in ("[hH][tT]*", "[xX][hH][tT]*", "[xX][mMsS][lL]*", "[sS][vV][gG]*")
]

# Seconds that a cell of a hand-in may run. Ours take less than one; a slow machine takes longer.
c.ExecutePreprocessor.timeout = 60
c.ExecutePreprocessor.interrupt_on_timeout = True

# `nbgrader autograde` and the Formgrader grade as `descent grade` does. In assignments of your own,
# hand-ins run in a sandbox as well: no network, no files but their own, limited memory. Without
# bubblewrap nothing is run, unless the environment says DESCENT_UNSAFE=1; docs/instructors.md.
c.Autograde.exporter_class = "descent.grading.autograde.Engine"
c.Execute.kernel_name = provision.kernel()

# What a hand-in holds is shown to you, in the Formgrader, and to its student: nothing in it runs.
c.HTMLExporter.preprocessors = ["descent.grading.sanitise.Sanitise"]
c.HTMLExporter.filters = {"markdown2html": "descent.grading.sanitise.markdown"}

# Feedback goes to students: without the hidden tests, with what the checks said, and hints.
c.GenerateFeedback.exporter_class = "descent.grading.feedback.FeedbackExporter"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "descent.grading.feedback.Tell",
]
