"""What tests start ends with them, also where interrupts are ignored by inheritance."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.processes import started

pytestmark = pytest.mark.skipif(os.name != "posix", reason="groups of processes are those of POSIX")

# A process that starts another, says both numbers, and never ends.
PARENT = (
    "import subprocess, sys, time, os\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'])\n"
    "print(os.getpid(), child.pid, flush=True)\n"
    "time.sleep(1000)\n"
)


def lives(pid: int) -> bool:
    """Whether a process is there, and has not only left its entry behind."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return "Z (zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return not Path("/proc/self/status").exists()  # gone meanwhile, or a system without such files


def test_nothing_is_left_behind_by_a_test_that_fails() -> None:
    pids: list[int] = []

    def failing() -> None:
        with started([sys.executable, "-c", PARENT]) as process:
            assert process.stdout
            pids.extend(map(int, process.stdout.readline().split()))
            assert all(map(lives, pids))
            raise AssertionError("a test that fails")

    with pytest.raises(AssertionError, match="that fails"):
        failing()
    assert len(pids) == 2
    # The grandchild is killed as well, but nobody waits for it: the system takes it away when it comes to it.
    for _ in range(400):
        if not any(map(lives, pids)):
            break
        time.sleep(0.05)
    assert not any(map(lives, pids))


HEARS = """
import signal, sys
sys.path.insert(0, sys.argv[1])
signal.signal(signal.SIGINT, signal.SIG_IGN)
from helpers.processes import started
with started([sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(1000)"]) as process:
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    print(process.returncode)
"""


def test_an_interrupt_is_heard_where_it_is_ignored_by_inheritance() -> None:
    command = [sys.executable, "-c", HEARS, str(Path(__file__).parent)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert int(said) in (1, -signal.SIGINT)
