"""Worlds whose rules are known, data sets, and the learner's own files."""
