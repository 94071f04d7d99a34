"""Standard streams that were closed, or are full: a command does its work and its exit status tells how it went."""

from __future__ import annotations

import os
import sys


def open_closed_streams() -> None:
    """Put the null device in the place of standard streams that were closed when the command was started.

    Otherwise the next file that is opened, such as a connection to the database, takes the number of the closed stream,
    and whatever a program that we start prints goes there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        if getattr(sys, name) is None:
            setattr(
                sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)
            )


def complain(text: str) -> None:
    """Print a line to standard error; where that is full or gone, the exit status alone tells.

    Parameters
    ----------
    text : str
        One line or more.
    """
    try:
        print(text, file=sys.stderr)
    except OSError:
        # What is kept for later would fail again when the interpreter ends, with another exit status.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
