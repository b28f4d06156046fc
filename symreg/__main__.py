"""`python -m symreg` is the command line."""

from symreg.cli import main

main()
