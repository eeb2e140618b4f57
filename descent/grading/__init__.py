"""Hand-ins → marks: rebuild, run in a sandbox, judge, record in nbgrader's gradebook, tell."""
