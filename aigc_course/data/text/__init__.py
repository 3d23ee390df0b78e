"""Raw texts: web pages, Python's own documentation, and files of the learner."""
