"""The server of the notebooks: who is let in, what is told before it opens, and a class that comes all at once."""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from cascade.cli import classroom
from cascade.cli.classroom import Guard, refusal
from cascade.cli.teaching import notebooks_folder
from helpers.processes import started, teaching

PORT = 2718
OURS = {"host": f"127.0.0.1:{PORT}"}
LET_IN: list[dict[str, str]] = [
    OURS,
    {"host": f"localhost:{PORT}", "origin": f"http://localhost:{PORT}"},
    {**OURS, "origin": f"http://127.0.0.1:{PORT}", "sec-fetch-site": "same-origin", "sec-fetch-dest": "empty"},
    {**OURS, "sec-fetch-site": "none", "sec-fetch-dest": "document"},
    {**OURS, "sec-fetch-site": "cross-site", "sec-fetch-dest": "document"},  # a link that somebody follows
]
KEPT_OUT: list[dict[str, str]] = [
    {},
    {"host": "evil.example"},
    {"host": f"evil.example:{PORT}"},  # a name that was bound to this machine meanwhile
    {"host": "127.0.0.1"},
    {"host": f"127.0.0.1:{PORT + 1}"},
    {"host": f"127.0.0.1:{PORT}.evil.example"},
    {**OURS, "origin": "http://evil.example"},
    {**OURS, "origin": "null"},
    {**OURS, "origin": ""},
    {**OURS, "origin": f"https://127.0.0.1:{PORT}"},
    {**OURS, "origin": f"http://127.0.0.1:{PORT + 1}"},  # another server of this machine: its cookies are ours
    {**OURS, "origin": f"http://127.0.0.1:{PORT}.evil.example"},
    {**OURS, "sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe"},
    {**OURS, "sec-fetch-site": "same-site", "sec-fetch-dest": "script"},
    {**OURS, "sec-fetch-site": "same-site"},
]


def raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_guard_lets_in_whom_it_should(kind: str) -> None:
    asked: list[str] = []
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, *_: Any) -> None:
        asked.append(scope["type"])

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": f"{kind}.connect"}

    def ask(headers: list[tuple[bytes, bytes]]) -> None:
        asyncio.run(Guard(app, PORT)({"type": kind, "headers": headers}, receive, send))

    for headers in LET_IN:
        ask(raw(headers))
    assert asked == [kind] * len(LET_IN)
    assert sent == []
    doubled = [*raw(OURS), (b"host", b"evil.example")], [*raw(LET_IN[1]), (b"origin", b"http://evil.example")]
    for refused in (*map(raw, KEPT_OUT), *doubled):
        sent.clear()
        ask(refused)
        assert len(asked) == len(LET_IN), refused
        assert sent[0]["type"] == ("websocket.close" if kind == "websocket" else "http.response.start")
        assert sent[0].get("status", 403) == 403
    assert "another page" in refusal(raw(KEPT_OUT[-1]), PORT)


def test_a_port_in_use_is_told_before_an_address() -> None:
    pytest.importorskip("marimo", reason="pip install 'metastatic-cascade[notebooks]'")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with started([sys.executable, "-m", "cascade", "teach", "--no-show", "--port", str(port)]) as process:
            out, err = process.communicate(timeout=60)  # a guard against hanging
    assert (process.returncode, out) == (2, "")
    assert f"--port = {port}" in err
    classroom.check_port(port)  # it is free again


# The server itself.


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pytest.importorskip("marimo", reason="pip install 'metastatic-cascade[notebooks]'")
    with teaching() as where:
        yield where


def status(address: str, path: str, headers: dict[str, str]) -> int:
    """The status of an answer to a request with exactly these headers; 401 where it leads to the login."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=30)
    connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read(100)
    connection.close()
    return 401 if "login" in (answer.getheader("location") or "") else answer.status


UPGRADE = {
    "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip


@pytest.mark.full
def test_only_who_has_the_token_and_comes_from_here_is_served(address: str) -> None:
    place = urlsplit(address)
    assert re.fullmatch(r"access_token=[\w-]{20,}", place.query)
    host = place.netloc
    for path in ("/", "/?file=1_the_bottleneck.py"):
        withal = f"{path}{'&' if '?' in path else '?'}{place.query}"
        # To the same page without the token in its address, and with a cookie in its place.
        assert status(address, withal, {"host": host}) in (200, 303)
        assert status(address, path, {"host": host}) == 401
        assert status(address, withal.replace("token=", "token=x"), {"host": host}) == 401
        for wrong in ({"host": "evil.example"}, {"host": host, "origin": "http://evil.example"}, {}):
            assert status(address, withal, wrong) in (400, 403)
    # The same for websockets, which obey no rule of the browser.
    socket_path = f"/ws?session_id=s_abcdef&file=1_the_bottleneck.py&{place.query}"
    for headers, answer in (
        ({"host": host, "origin": f"http://{host}"}, 101),
        ({"host": host, "origin": "http://evil.example"}, 403),
        ({"host": f"evil.example:{place.port}", "origin": f"http://{host}"}, 403),
        ({"host": host, "origin": "null"}, 403),
    ):
        assert status(address, socket_path, {**headers, **UPGRADE}) == answer, headers
    without = socket_path.partition("&access_token")[0]
    assert status(address, without, {"host": host, "origin": f"http://{host}", **UPGRADE}) != 101


COLD = 420_000
"""Milliseconds within which ten notebooks have compiled what they need, also beside other tests on two cores."""


FAILED = "internal error|raised an exception|wasn't run"


def shown(page: Any, name: str, what: str, holds: str) -> None:
    """Wait until a page shows something; where it never does, say what it shows instead."""
    from playwright.sync_api import TimeoutError as NeverShown

    try:
        # Where a cell fails, what is waited for never comes.
        page.wait_for_function(f"() => ({holds})() || /{FAILED}/.test(document.body.innerText)", timeout=COLD)
    except NeverShown:
        cells = page.evaluate("() => [...document.querySelectorAll('[data-status]')].map(c => c.dataset.status)")
        pytest.fail(f"{name}: {what} never came; cells {cells}; the page says: {page.inner_text('body')}")


@pytest.mark.full
def test_a_class_opens_all_notebooks_at_once_cold(browser: Any) -> None:
    """Each runs in a thread of its own: none may find what another has half imported."""
    pytest.importorskip("marimo", reason="pip install 'metastatic-cascade[notebooks]'")
    names = sorted(path.name for path in notebooks_folder().glob("*.py"))
    with teaching() as address:
        context = browser.new_context()
        pages = [context.new_page() for _ in names]
        for page, name in zip(pages, names, strict=True):
            page.goto(f"{address}&file={name}", wait_until="commit")
        for page, name in zip(pages, names, strict=True):
            shown(page, name, "Sources.", "() => document.body.innerText.includes('Sources.')")
            # What the last cell says stands there before what the long ones have computed.
            shown(page, name, "an end", "() => !document.querySelector('[data-status=running],[data-status=queued]')")
            shown(page, name, "a picture or table", "() => document.querySelector('img, canvas, pre, table')")
            text = page.inner_text("body")
            assert not re.search(FAILED, text), f"{name}: {text}"
        context.close()


IMPORTED = """
import importlib.util, sys
from cascade.cli import classroom
classroom.warm()
for path in sys.argv[1:]:
    before = set(sys.modules)
    spec = importlib.util.spec_from_file_location("notebook", path)
    notebook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notebook)
    notebook.app.run()
    print("imported:", *sorted(name for name in set(sys.modules) - before if not name.startswith("marimo.")))
"""


@pytest.mark.full
def test_no_notebook_imports_what_another_may_be_importing() -> None:
    """What is imported before the server opens is all that notebooks need, but for what marimo imports of itself."""
    pytest.importorskip("marimo", reason="pip install 'metastatic-cascade[notebooks]'")
    paths = [str(path) for path in sorted(notebooks_folder().glob("*.py"))]
    with started([sys.executable, "-c", IMPORTED, *paths]) as process:
        out, err = process.communicate(timeout=600)  # a guard against hanging
    found = [line.split()[1:] for line in out.splitlines() if line.startswith("imported:")]
    assert found == [[] for _ in paths], err
