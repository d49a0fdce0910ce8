"""`onebooking` and `python -m onebooking`."""

import sys

from onebooking.parts import become_plainly


def main() -> None:
    """Become a part of the hub, or run the command that is asked for."""
    become_plainly(sys.argv[1:])
    from onebooking.cli import main as run_command

    run_command()


if __name__ == "__main__":
    main()
