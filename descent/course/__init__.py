"""From the chapters' text to notebooks: build, student copies, attempts that graders must judge."""
