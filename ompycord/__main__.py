"""`python -m ompycord` is the command line."""

from ompycord.cli import main

if __name__ == "__main__":
    main()
