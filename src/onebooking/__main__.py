"""`python -m onebooking`."""

from onebooking.cli import main

main()
