"""Speech in place of writing: what recordings are, who makes text of them, and the text of a task."""
