"""The command line, the demo and the texts about a model."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> None:
    """The command ``cascade``: see ``app``, which is loaded at first use.

    An interrupt ends it with 130 whenever it comes: also while something is imported, where
    it may turn into any other error.
    """
    heard = False

    def hear(*_: object) -> NoReturn:
        nonlocal heard
        heard = True
        raise KeyboardInterrupt

    # An interrupt that is ignored stays so, and only the main thread hears of any.
    first = threading.current_thread() is threading.main_thread()
    ours = first and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, hear)
    try:
        from cascade.cli.app import main as run

        run(arguments)
    except BaseException as error:
        ended_well = isinstance(error, SystemExit) and error.code in (0, None)
        if ended_well or not (heard or isinstance(error, KeyboardInterrupt)):
            raise
        with contextlib.suppress(AttributeError, OSError, ValueError):  # there may be no stderr
            sys.stderr.write("cascade: interrupted; nothing was left half written\n")
        sys.exit(130)
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
