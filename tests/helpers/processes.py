"""Processes that tests start: each ends with the test, whatever becomes of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

# Interrupts may be ignored here, as in a suite that is run in the background; what is started would inherit it.
LISTENING = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"


@contextmanager
def started(command: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process with pipes that hears interrupts; it and all that it starts are ended afterwards."""
    given = {**os.environ, **(env or {})}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    listening = [sys.executable, "-c", LISTENING, *command] if os.name == "posix" else list(command)
    process = subprocess.Popen(listening, text=True, env=given, start_new_session=True, **pipes)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        if os.name == "posix":
            with_all_that_it_started(process)
        process.kill()
        process.wait(timeout=20)
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def with_all_that_it_started(process: subprocess.Popen[str]) -> None:
    """Kill the group of a process, which may have ended already."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def teaching(env: Mapping[str, str] | None = None, command: Sequence[str] = ()) -> Iterator[str]:
    """The address that ``cascade teach`` prints, once it is served; ended afterwards."""
    begin = command or (sys.executable, "-m", "cascade")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {**os.environ, **(env or {})}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(
        [*begin, "teach", "--no-show", "--port", str(port)], env=given, start_new_session=True, text=True, **pipes
    )  # type: ignore[call-overload]
    try:
        assert server.stdout
        address = server.stdout.readline().split()
        for _ in range(240):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.25)
        yield address[0]
    finally:
        with_all_that_it_started(server)
        server.wait(timeout=20)
        if server.stdout:
            server.stdout.close()


@contextmanager
def serving(command: Callable[[int], Sequence[str]], env: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of a server that ``command`` starts at a free port, once it answers; ended afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {**os.environ, **(env or {})}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command(port), env=given, start_new_session=True, **quiet)  # type: ignore[call-overload]
    try:
        for _ in range(240):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.25)
        yield f"http://127.0.0.1:{port}/"
    finally:
        with_all_that_it_started(server)
        server.wait(timeout=20)
