"""`main`: run a command, and turn errors and interrupts into a message and an exit code; what a terminal can show."""

from __future__ import annotations

import codecs
import gc
import io
import os
import signal
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

from simulator.errors import CheckError, ConfigError, SparsimError
from simulator.memory import keep_within_memory
from simulator.printable import printable

_SPOKEN = {
    "×": "x", "÷": "/", "·": "*", "–": "-", "—": "-", "−": "-", "µ": "u", "…": "...", "→": "->", "≤": "<=", "≥": ">=", "Σ": "sum",
    "∞": "inf", "°": "deg", "─": "-", "━": "-", "│": "|", "╸": "-", "╺": "-", "•": "*", "“": '"', "”": '"', "‘": "'", "’": "'",
}  # fmt: skip


class OutputClosedError(Exception):
    """Whoever read the output has gone: the command ends, and that is no failure."""


def open_closed_streams() -> None:
    """Let a command that was started without stdout or stderr (`2>&-`) write to nowhere; else a file that it opens would stand there."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (it is open as long as the process)


class _Unheard(io.FileIO):
    """stderr: what cannot be said there, since its reader has gone or its disk is full, goes nowhere, and ends no command."""

    def write(self, data: Any, /) -> int:
        """All of it, in any case."""
        try:
            done = super().write(data)
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            done = None
        # None: a reader that takes nothing for now, and would be waited for without end
        return len(memoryview(data).cast("B")) if done is None else done


def speak_to_anyone() -> None:
    """Let no failure to write to stderr end a command: news and notices are not what was asked for."""
    # one that was opened in the place of a closed one would close its file when it is replaced
    if sys.stderr is sys.__stderr__ and type(sys.stderr) is io.TextIOWrapper and sys.stderr.fileno() == _STDERR:
        raw = io.BufferedWriter(_Unheard(_STDERR, "w", closefd=False))
        sys.stderr = io.TextIOWrapper(raw, encoding=sys.stderr.encoding, errors=sys.stderr.errors, line_buffering=True)


def show_all_text() -> None:
    """Let stdout and stderr replace the characters that their encoding lacks (`µJ` becomes `uJ`), so that none can end a run."""
    codecs.register_error("sparsim", _closest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="sparsim")


def forget_no_width() -> None:
    """Leave out a width of no columns, which some terminals state that have none: nothing would be shown."""
    if os.environ.get("COLUMNS", "").strip("0 ") == "":
        os.environ.pop("COLUMNS", None)


def check_text(arguments: Sequence[str]) -> None:
    """Raise ConfigError for bytes that are no text in this computer's encoding: results name their command and files, as text."""
    for argument in arguments:
        if any("\udc80" <= character <= "\udcff" for character in argument):
            found, encoding = ascii(os.fsencode(argument))[1:], sys.getfilesystemencoding()
            raise ConfigError(f"{found}: is no text in {encoding}; rename the file, or choose a locale of its encoding (LC_ALL=C.UTF-8)")


def wants_colour() -> bool:
    """Whether colour may be used at all: https://no-color.org."""
    return not os.environ.get("NO_COLOR")


def _closest(error: UnicodeError) -> tuple[str, int]:
    """An error handler of `codecs`: the characters as ASCII would write them, `?` where it has no way to."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_as_ascii(character) for character in error.object[error.start : error.end]), error.end


def _as_ascii(character: str) -> str:
    if character in _SPOKEN:
        return _SPOKEN[character]
    return unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii") or "?"


_STDERR = 2
USER_ERROR = 2
BUG = 1
INTERRUPTED = 130
_OBJECTS_BEFORE_COLLECTION = 1_000_000
"""Modules and models that load at start are no garbage; looking for some among them takes a tenth of a short command."""

_WAIT_OF_BLAS = "4"
"""Threads of NumPy's matrix products, which seldom have work, wait for it 2^4 cycles before they sleep; unasked 2^26, at every start."""


def main() -> None:
    """Run the command line and end the process: 0 well, 2 a user's mistake, 130 interrupted, 1 a bug."""
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", _WAIT_OF_BLAS)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for some among all that is installed takes 8 ms
    try:
        signal.signal(signal.SIGTERM, _terminate)
        # a terminal that is closed; under nohup it is ignored, and stays so
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, _terminate)
        keep_within_memory()
        open_closed_streams()
        speak_to_anyone()
        show_all_text()
        forget_no_width()
        check_text(sys.argv[1:])
        # here, so that an interrupt while modules load is an interrupt like any other
        from simulator.cli.app import application

        application(sys.argv[1:])(prog_name="sparsim")
    except CheckError as error:
        _complain(f"{error}\nThis is a bug in sparsim, not in your files.")
        sys.exit(BUG)
    except SparsimError as error:
        _complain(str(error))
        sys.exit(USER_ERROR)
    except KeyboardInterrupt:
        _end_interrupted()
    except MemoryError:
        _complain("out of memory: what was asked for takes more than there is")
        sys.exit(USER_ERROR)
    except (BrokenPipeError, OutputClosedError):
        # whoever read the output has gone; say nothing more to it
        _drop_output()
        sys.exit(0)
    except SystemExit as ended:
        # libraries that print end with 1 then
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        _drop_output()
        sys.exit(0)
    except OSError as error:
        _drop_output()
        _complain(f"{error.filename or 'output'}: {error.strerror or error}")
        sys.exit(USER_ERROR)
    except Exception as error:
        # a library may have wrapped the interrupt that came while it was loading
        if not _after_interrupt(error):
            raise
        _end_interrupted()
    finally:
        # what is open has been closed on the way here; the memory goes with the process, and need not be searched for rings first
        gc.freeze()


def _end_interrupted() -> None:
    """End with the code of an interrupt, whatever more of them come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(INTERRUPTED)


def _after_interrupt(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _terminate(number: int, frame: Any) -> None:
    """End as `sys.exit` does, so that drafts are removed on the way out."""
    sys.exit(128 + number)


def _drop_output() -> None:
    """Forget what stdout still holds: writing it at the end would fail once more."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


def _complain(message: str) -> None:
    import typer

    if wants_colour():
        typer.secho("Error: ", fg=typer.colors.RED, bold=True, err=True, nl=False)
    else:
        typer.echo("Error: ", err=True, nl=False)
    typer.echo(printable(message), err=True)
