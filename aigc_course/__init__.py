"""Helper library of the AIGC course: build generators of text, images and sound by hand, then
import them from here.
"""

__version__ = "0.1.0"
