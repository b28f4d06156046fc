"""The command line: reads arguments, has the work done in a child process, and turns every outcome into an exit code.

Nothing imported here may be heavy: `symreg --help` answers at once.
"""

from __future__ import annotations

import re
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from symreg.cli import console
from symreg.cli.outcomes import BUG, INTERRUPTED
from symreg.errors import SymregError


def main() -> NoReturn:
    """Run the command line of this process and exit: 0 ok, 1 failed or stale, 2 input, 3 missing or late, 70 a bug."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    code = run(sys.argv[1:])
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; errors are told on standard error, one line each."""
    from symreg.cli.group import symreg

    try:
        code = symreg.main([_argument(text) for text in arguments], prog_name="symreg", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.UsageError as error:
        return _usage(error)
    except (KeyboardInterrupt, click.Abort):
        console.tell("symreg: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        console.forget_output()
        return 0
    except SymregError as error:
        return _report(error, arguments, error.exit_code)
    except Exception as error:
        return _report(error, arguments, BUG)


_LONGEST_CAUSE = 300


def _argument(text: str) -> str:
    """Return an expression that begins with a minus, such as `-log(w)`, as what is no option: after a space."""
    return f" {text}" if re.match(r"-[^-].*[(*+]", text) else text


def _report(error: Exception, arguments: list[str], code: int) -> int:
    """Tell an error in its own words; one that symreg did not expect also says what it is and how to see more."""
    if "--debug" in arguments:
        import traceback

        console.tell("".join(traceback.format_exception(error)).rstrip())
    if code == BUG:
        words = " ".join(str(error).split())
        kind = "" if isinstance(error, SymregError) else f"{type(error).__name__}: "
        shown = words if len(words) <= _LONGEST_CAUSE else "with a long message"
        console.tell(f"symreg: this is a bug of symreg's: {kind}{shown} (--debug shows the traceback)")
    else:
        console.tell(f"symreg: {error}")
    return code


def _usage(error: click.UsageError) -> int:
    path = "symreg" if error.ctx is None else error.ctx.command_path
    words = " ".join(error.format_message().split()).rstrip(".")
    if isinstance(error, click.NoSuchOption) and error.option_name[1:2] != "-":
        words += " (an objective that begins with '-' is written after --)"
    console.tell(f"symreg: {words[:1].lower()}{words[1:]}; see {path} --help")
    return error.exit_code


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """End by way of the `finally` blocks, which kill the child."""
    sys.exit(128 + number)
