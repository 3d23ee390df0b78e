"""`python -m aigc_course ...` is the same as `python3 course.py ...` once everything is
installed.
"""

import sys

from aigc_course.cli import main

sys.exit(main())
