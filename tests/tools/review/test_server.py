"""The review answers this machine's own page, with the data folder's own files, and no other with anything else."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from starlette.applications import Starlette
from starlette.datastructures import Headers

from tools.dataset_review import DatasetReviewCommand
from tools.review.edit_file import Review
from tools.review.guard import Guard
from tools.review.records import read_data_set
from tools.review.server import ReviewServer
from tracker.types import InputError


def ask(port: int, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, bytes]:
    """A request with its path as it stands, not tidied up."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest(method, path, skip_host=True)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in {"host": f"127.0.0.1:{port}", "content-length": str(len(body or "")), **named}.items():
        connection.putheader(name, value)
    connection.endheaders((body or "").encode())
    answer = connection.getresponse()
    return answer.status, answer.read()


MERGE = {"do": "merge", "people": [0, 1]}


def key_of(served: Any) -> str:
    return json.loads(ask(served.port, "GET", "/api/data")[1])["key"]


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "..%5csecret.txt",
        "%252e%252e%252fsecret.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "crops.csv",
        "0000_000000.jpg%00.txt",
        "0003_000029.jpg",  # a symbolic link out of the folder
    ],
)
@pytest.mark.parametrize("room", ["images", "thumbnails", "page"])
def test_a_path_outside_the_data_is_refused(served, path: str, room: str):
    secret = served.folder.parent / "secret.txt"
    secret.write_text("secret")
    link = served.folder / "images" / "0003_000029.jpg"
    if not link.is_symlink():
        link.unlink()
        link.symlink_to(secret)
    status, body = ask(served.port, "GET", f"/{room}/{path}")
    assert status in (400, 404)
    assert b"secret" not in body.replace(b"secret.txt", b"")
    assert b"root:" not in body


def test_its_own_pictures_and_pages_are_served(served):
    assert ask(served.port, "GET", "/images/0000_000000.jpg")[1].startswith(b"\xff\xd8")
    assert ask(served.port, "GET", "/thumbnails/0000_000000.jpg")[1].startswith(b"\xff\xd8")
    assert b"<!DOCTYPE html>" in ask(served.port, "GET", "/")[1]
    assert ask(served.port, "GET", "/frame?video=dance&frame=3")[1].startswith(b"\xff\xd8")


def test_the_browser_keeps_pictures_for_this_review_only(served):
    key = key_of(served)
    assert len(key) == 16
    for path in ("/thumbnails/0000_000000.jpg?", "/images/0000_000000.jpg?", "/frame?video=dance&frame=3&"):
        for version, kept in ((f"v={key}", "private, max-age=86400"), ("v=other", "no-store"), ("", "no-store")):
            with urllib.request.urlopen(f"{served.url.rstrip('/')}{path}{version}") as answer:
                assert answer.headers["cache-control"] == kept


def test_two_reviews_have_different_keys(folder: Path):
    one, other = (ReviewServer(Review(read_data_set(folder)), 1.0) for _ in range(2))
    assert one.picture_key != other.picture_key


@pytest.mark.parametrize(("port", "host", "answered"), [(80, "localhost", True), (81, "localhost", False)])
def test_on_port_80_the_host_has_no_port(port: int, host: str, answered: bool):
    guard = Guard(Starlette(), port)
    refusal = guard.refusal("GET", Headers({"host": host, "origin": f"http://{host}"}))
    assert (refusal is None) is answered
    assert guard.refusal("GET", Headers({"host": "evil.example"})) is not None


LONG = "video=dance&frame=" + "9" * 5000


@pytest.mark.parametrize(
    "query", ["video=%2fetc%2fpasswd&frame=0", "video=dance&frame=-1", "video=dance&frame=99", LONG]
)
def test_a_frame_of_anything_else_is_refused_in_a_sentence(served, query: str):
    status, body = ask(served.port, "GET", f"/frame?{query}")
    assert status == 400
    assert json.loads(body)["error"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "", "127.0.0.1.evil.example"])
def test_a_foreign_host_is_refused_lest_a_name_be_rebound_to_us(served, host: str):
    assert ask(served.port, "GET", "/api/data", host=host)[0] == 403
    assert ask(served.port, "GET", "/api/data", host=f"localhost:{served.port}")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example", "content_type": "application/json"},
        {"origin": "null", "content_type": "application/json"},
        {"origin": "http://127.0.0.1:1", "content_type": "application/json"},
        {"sec_fetch_site": "cross-site", "content_type": "application/json"},
        {"content_type": "text/plain"},
        {},
    ],
)
def test_another_sites_page_changes_nothing(served, headers: dict[str, str]):
    edit = json.dumps({"key": key_of(served), "revision": 0, "edit": MERGE})
    assert ask(served.port, "POST", "/api/edit", edit, **headers)[0] == 403
    assert served.edits() == []


@pytest.mark.parametrize("do", ["edit", "undo", "redo", "export"])
@pytest.mark.parametrize("named", [{}, {"key": "that of another"}])
def test_a_page_of_another_review_changes_nothing(served, do: str, named: dict[str, str]):
    """Its number of changes is the same where neither was edited since it began."""
    wish = json.dumps({**named, "revision": 0, "edit": MERGE})
    status, answer = ask(served.port, "POST", f"/api/{do}", wish, content_type="application/json")
    assert (status, json.loads(answer)["key"]) == (409, key_of(served))
    assert served.edits() == []
    assert not served.folder.with_name("data-reviewed").exists()


NO_CHANGES = ["", "[1]", "{", '{"revision": 0}', '{"revision": 0, "edit": 7}', '{"revision": 0, "edit": {"do": []}}']
HALF = "\\ud800"
"""A lone surrogate as JSON writes it."""
HALVES = [
    f'{{"revision": 0, "edit": {{"do": "rename", "person": 0, "name": "{HALF}"}}}}',
    f'{{"revision": 0, "edit": {{"do": "{HALF}"}}}}',
    f'{{"revision": 0, "edit": {{"do": "merge", "people": [0, 1], "{HALF}": 0}}}}',
]


@pytest.mark.parametrize("body", [*NO_CHANGES, *HALVES, "[" * 100_000, f'{{"edit": {"[" * 900}{"]" * 900}}}'])
def test_a_change_that_is_none_is_refused_in_a_sentence(served, body: str):
    named = body.replace('{"revision"', f'{{"key": "{key_of(served)}", "revision"')
    status, answer = ask(served.port, "POST", "/api/edit", named, content_type="application/json")
    assert status == 400
    assert json.loads(answer)["error"]
    assert served.edits() == []


def test_nothing_is_served_beyond_loopback(served):
    addresses = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in {*addresses, "127.0.0.2"} - {"127.0.0.1"}:
        with pytest.raises(OSError):  # noqa: PT011 (refused here, unreachable there)
            socket.create_connection((str(address), served.port), timeout=2)


def test_a_port_in_use_is_reported_in_a_sentence(served, folder: Path):
    with pytest.raises(InputError, match=f"port {served.port} of 127.0.0.1 cannot be used .*name another --port"):
        DatasetReviewCommand(folder, port=served.port, browser=False).run()
    with pytest.raises(InputError, match="port 99999 of"):
        DatasetReviewCommand(folder, port=99999, browser=False).run()


@pytest.mark.parametrize("verbs", [("dataset", "review"), ("review",)])
def test_the_command_tells_its_address_and_a_request_that_never_ends_does_not_hold_up_ctrl_c(
    verbs: tuple[str, ...], tmp_path: Path, make_data: Callable[..., Path], make_run: Callable[..., Path]
):
    """Of a body of 100 bytes one comes; the page's own requests wait in the same way where a computer sleeps."""
    folder = make_run(tmp_path / "a", {1: [(0, 0, 9)]}) if verbs == ("review",) else make_data(tmp_path / "a", 4, 4)
    command = [sys.executable, "-m", "tools", *verbs, str(folder), "--no-browser"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        told = re.fullmatch(r"Review of .*/a on http://127\.0\.0\.1:(\d+)/ .*\n", said)
        assert told, said + process.stdout.read()
        port = int(told[1])
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall(
                f"POST /api/edit HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
                "content-type: application/json\r\ncontent-length: 100\r\n\r\n{".encode()
            )
            assert ask(port, "GET", "/")[0] == 200  # by then the half request is being answered
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
