"""How good is what a model made: statistics, measures of text and of images, judges."""
