"""Modules of the page, asked in node."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from cascade.web.modules import joined

NODE = shutil.which("node")

in_node = pytest.mark.skipif(NODE is None, reason="no node on this machine")


def asked(module: str, code: str, given: dict[str, Any]) -> Any:
    """What modules of the page, which import nothing in common, say in node."""
    script = f"{''.join(map(joined, module.split()))}\nconst given = {json.dumps(given)};\n{code}"
    done = subprocess.run(
        [str(NODE), "--input-type=module", "-"], input=script, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
