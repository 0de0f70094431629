"""``python -m makerscope``."""

from makerscope.cli import main

if __name__ == "__main__":
    main()
