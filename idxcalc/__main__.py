"""``python -m idxcalc`` is the command ``idxcalc``."""

import sys

from idxcalc.cli import main

if __name__ == "__main__":
    sys.exit(main())
