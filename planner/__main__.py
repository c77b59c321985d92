"""Lets `python -m planner` do what `benchplan` does."""

from planner.cli import main

if __name__ == "__main__":
    main()
