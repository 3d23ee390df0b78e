"""Evaluation of what a model generated: statistics, measures of text and of images, judges."""
