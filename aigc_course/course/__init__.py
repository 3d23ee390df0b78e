"""The course itself: its lessons, their map, a learner's progress, the doctor."""
