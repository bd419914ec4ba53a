"""The server: who is answered, what an answer may do in a browser, and what it says of a session."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.transcripts import long_session, write_log, write_small_session
from viewer_sessions import RED

from team.transcript.jsonlines import LOG_NAME
from team.viewer.listing import Listing
from team.viewer.watched import Watched

Answer = tuple[int, dict[str, str], str]


def ask(viewer: str, path: str, method: str = "GET", **headers: str) -> Answer:
    """One request as written, also an odd one; headers are named with underscores."""
    address = urlsplit(viewer)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)
    connection.putrequest(method, path, skip_host="host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    told = {name.lower(): value for name, value in response.getheaders()}
    body = response.read().decode()
    connection.close()
    return response.status, told, body


def test_every_answer_carries_strict_headers(viewer: str) -> None:
    for path in ("/", f"/s/{RED}", "/api/sessions", "/nothing", "/s/nothing"):
        _, headers, _ = ask(viewer, path)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "*" not in policy
        assert "access-control-allow-origin" not in headers and "server" not in headers


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:80", "", "127.0.0.1:PORT@evil"],
)
def test_another_host_is_refused(viewer: str, host: str) -> None:
    status, _, body = ask(viewer, "/api/sessions", host=host.replace("PORT", str(urlsplit(viewer).port)))
    assert status == 403 and "sessions" not in body.replace("this server", "")


def test_two_hosts_are_refused(viewer: str) -> None:
    address = urlsplit(viewer)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=20) as raw:
        raw.sendall(
            f"GET / HTTP/1.1\r\nHost: {address.netloc}\r\nHost: evil\r\nConnection: close\r\n\r\n".encode()
        )
        assert raw.recv(12) in (b"HTTP/1.1 403", b"HTTP/1.1 400")


def test_localhost_is_answered(viewer: str) -> None:
    assert ask(viewer, "/", host=f"localhost:{urlsplit(viewer).port}")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors"},
    ],
)
def test_another_site_is_refused(viewer: str, headers: dict[str, str]) -> None:
    assert ask(viewer, "/api/sessions", **headers)[0] == 403


def test_our_own_page_and_a_typed_address_are_answered(viewer: str) -> None:
    own = {"origin": viewer.rstrip("/"), "sec_fetch_site": "same-origin", "sec_fetch_mode": "cors"}
    assert ask(viewer, "/api/sessions", **own)[0] == 200
    assert ask(viewer, "/", sec_fetch_site="none", sec_fetch_mode="navigate")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_but_reading_is_possible(viewer: str, method: str) -> None:
    status, headers, _ = ask(viewer, "/", method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "name",
    ["..", "%2e%2e", "..%2f..%2fetc", "%2fetc%2fpasswd", ".", "", "%00", f"{RED}%2f..%2f{RED}", f"{RED}%00",
     "red.html", "x" * 5000, "%ff", f"{RED}/files/ledger.py", f".%2f{RED}"],
)  # fmt: skip
def test_only_the_name_of_a_session_leads_anywhere(viewer: str, name: str) -> None:
    for path in (f"/s/{name}", f"/api/sessions/{name}", f"/api/sessions/{name}/diff"):
        status, _, body = ask(viewer, path)
        assert (status, "root:" in body) == (404, False) or path == "/api/sessions/"


@pytest.mark.parametrize("query", ["after=x", "after=1.5", "after=%00"])
def test_a_wrong_number_is_refused_in_words(viewer: str, query: str) -> None:
    assert ask(viewer, f"/api/sessions/{RED}?{query}")[0] == 400


def test_a_wrong_iteration_is_refused_in_words(viewer: str) -> None:
    assert ask(viewer, f"/api/sessions/{RED}/diff?iteration=-1")[0] == 400
    assert ask(viewer, f"/api/sessions/{RED}/diff?iteration=99")[2] == '{"diff":""}'


def test_events_are_handed_out_after_a_number(viewer: str) -> None:
    answer = json.loads(ask(viewer, f"/api/sessions/{RED}?after=94")[2])
    assert [row["seq"] for row in answer["rows"]] == [95, 96]
    assert answer["facts"]["status"] == "rejected" and not answer["more"]
    again = json.loads(ask(viewer, f"/api/sessions/{RED}?after=96&known={answer['version']}")[2])
    assert (again["rows"], again["facts"]) == ([], None)


def test_a_long_session_comes_in_several_answers(tmp_path: Path) -> None:
    watched = Watched(write_log(tmp_path / "long", long_session(600, 6_000_000)))
    seen, answer = 0, watched.after(-1)
    while answer["more"]:
        assert sum(len(str(body)) for body in answer["bodies"]) < 3_000_000
        seen += len(answer["rows"])
        answer = watched.after(answer["last"])
    assert seen + len(answer["rows"]) == 600


def test_a_log_that_was_replaced_is_told_from_its_start(tmp_path: Path) -> None:
    folder = write_log(tmp_path / "s", long_session(60, 1000))
    watched = Watched(folder)
    assert watched.after(-1)["last"] == 59
    write_log(folder, long_session(30, 1000))
    answer = watched.after(59)
    assert answer["restart"] and len(answer["rows"]) == 30


def test_lines_that_cannot_be_read_are_left_out_and_told(tmp_path: Path) -> None:
    folder = write_log(tmp_path / "s", long_session(30, 1000))
    lines = (folder / LOG_NAME).read_bytes().splitlines(keepends=True)
    (folder / LOG_NAME).write_bytes(
        b"".join([*lines[:5], b'{"seq":5,"type":"gate","session":"s"}\n', *lines[6:]])
    )
    answer = Watched(folder).after(-1)
    assert len(answer["rows"]) == 29
    assert answer["facts"]["damage"][0].startswith("line 6: not a 'gate' event")
    assert answer["last"] == 29


def test_the_listing_reads_again_what_changed(tmp_path: Path) -> None:
    for number in (1, 2):
        write_small_session(tmp_path / f"2026010{number}-000000-task-000{number}", number)
    (tmp_path / "20260109-000000-no-log").mkdir()
    listing = Listing(tmp_path)
    before = listing.sessions()
    assert [told["title"] for told in before] == ["task number 2", "task number 1"]
    write_small_session(tmp_path / "20260101-000000-task-0001", 1, title="another title")
    after = listing.sessions()
    assert after[1]["title"] == "another title"
    assert after[0] == before[0]


def test_a_list_that_is_known_is_not_sent_again(viewer: str) -> None:
    told = json.loads(ask(viewer, "/api/sessions")[2])
    again = json.loads(ask(viewer, f"/api/sessions?known={told['version']}")[2])
    assert told["sessions"] and again == {"version": told["version"], "sessions": None}


def test_a_folder_whose_name_no_address_can_hold_is_left_out(tmp_path: Path) -> None:
    write_small_session(tmp_path / "20260101-000000-ärger 'n co", 1)
    for name in ("new\nline", "\udcff"):
        (tmp_path / name).mkdir()
        (tmp_path / name / LOG_NAME).touch()
    assert [told["session"] for told in Listing(tmp_path).sessions()] == ["20260101-000000-ärger 'n co"]


@pytest.mark.parametrize(
    "summary", ["[]", "{", '{"status": 3, "totals": [], "config": 7, "title": {"a": 1}}']
)
def test_a_broken_summary_does_not_hide_a_session(tmp_path: Path, summary: str) -> None:
    folder = write_small_session(tmp_path / "20260101-000000-task-0001", 1)
    (folder / "session.json").write_text(summary)
    told: list[dict[str, Any]] = Listing(tmp_path).sessions()
    assert told[0]["session"] == folder.name
    assert Watched(folder).after(-1)["facts"]["session"] == folder.name
