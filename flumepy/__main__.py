"""`python -m flumepy`."""

import sys

from flumepy.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
