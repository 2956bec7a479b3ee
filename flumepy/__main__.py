"""`python -m flumepy`."""

from flumepy.cli.main import main

if __name__ == "__main__":
    main()
