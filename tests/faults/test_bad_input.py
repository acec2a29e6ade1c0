"""Hostile and mistaken requests: AWS's own answer, nothing changed, and the engine goes on."""

import io
import json
import pathlib
import re
import socket
import threading
import zipfile

import pytest
from botocore.exceptions import ClientError
from harness import ROLE, code_of, message_of, zip_of

PY = {"index.py": "def handler(event, context):\n    return 'alive'\n"}


@pytest.fixture(autouse=True)
def others_live_on(kiln):
    """After each fault another function still answers."""
    try:
        kiln.create("bystander", PY)
    except ClientError:
        pass
    yield
    assert kiln.invoke("bystander")["Body"] == "alive"


def zip_with(build):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        build(archive)
    return out.getvalue()


def link(archive, name, target):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    archive.writestr(info, target)


PACKAGES = {
    "not a zip": b"this is not a zip file at all",
    "empty": b"",
    "cut short": zip_of(PY)[:-30],
    "climbs out": zip_with(lambda a: a.writestr("../../etc/cron.d/x", "x")),
    "absolute": zip_with(lambda a: a.writestr("/etc/cron.d/x", "x")),
    "link out": zip_with(lambda a: (link(a, "out", "/etc"), a.writestr("out/passwd", "x"))),
    "relative link out": zip_with(lambda a: link(a, "a/b", "../../../etc/passwd")),
}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_that_are_refused(kiln, name, package):
    with pytest.raises(ClientError) as error:
        kiln.create(name, code={"ZipFile": PACKAGES[package]})
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert code_of(error) == "InvalidParameterValueException"
    with pytest.raises(ClientError):
        kiln.client("lambda").get_function(FunctionName=name)


def test_a_zip_bomb_stops_at_the_limit(kiln, name):
    # 300 MB of zeros in 300 KB.
    bomb = zip_with(lambda a: [a.writestr(f"z{i}", b"\0" * (100 << 20)) for i in range(3)])
    with pytest.raises(ClientError) as error:
        kiln.create(name, code={"ZipFile": bomb})
    assert message_of(error) == "Unzipped size must be smaller than 262144000 bytes"
    left = [p for p in (kiln.data_dir / "code").iterdir() if "unfinished" in p.name or p.name.startswith(".")]
    assert left == []


@pytest.mark.slow
def test_package_size_on_both_sides(kiln, name):
    import os

    def package_of(size):
        empty = zip_with(lambda a: a.writestr(zipfile.ZipInfo("pad"), b""))
        return zip_with(lambda a: a.writestr(zipfile.ZipInfo("pad"), os.urandom(size - len(empty)), zipfile.ZIP_STORED))

    limit = 52_428_800
    too_large = package_of(limit + 1)
    assert len(too_large) == limit + 1
    with pytest.raises(ClientError) as error:
        kiln.create(name, code={"ZipFile": too_large})
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert "52428800" in message_of(error)
    kiln.create(name, code={"ZipFile": package_of(limit - 1)})


def test_payloads(kiln, name):
    kiln.create_echo(name, MemorySize=512)
    path = f"/2015-03-31/functions/{name}/invocations"
    for body in (b"{", b"not json", b'{"a": 1,}', b"\xff\xfe", b'"\xc3"', b"[1] 2", b"{}\0x", b"1\0"):
        status, headers, answer = kiln.http("POST", path, body)
        assert status == 400 and headers["x-amzn-ErrorType"] == "InvalidRequestContentException", (body, answer)
        assert re.match("Could not parse request body into json: .", json.loads(answer)["message"])
    for body in (b"1e400", b"123456789012345678901234567890"):
        status, _, answer = kiln.http("POST", path, body)
        assert status == 200 and answer == body
    limit = 6_291_556
    fits = json.dumps("x" * (limit - 2)).encode()
    status, _, answer = kiln.http("POST", path, fits)
    assert status == 200 and answer == fits
    status, headers, answer = kiln.http("POST", path, fits[:-1] + b'x"')
    assert status == 413 and headers["x-amzn-ErrorType"] == "RequestEntityTooLargeException"


def test_a_payload_of_nothing_but_brackets(own_kiln):
    """It is told apart from JSON on an event loop, so in little time, which much memory would take, too."""

    def peak_mb():
        return int(re.search(r"VmHWM:\s*(\d+)", pathlib.Path(f"/proc/{kiln.engine}/status").read_text())[1]) // 1024

    kiln = own_kiln()
    kiln.create_echo("echo", Timeout=60)
    most = 6 * 1024 * 1024
    status, _, body = kiln.http("POST", "/2015-03-31/functions/echo/invocations", b"[" * most)
    assert status == 400 and b"Unexpected end-of-input: expected close marker for Array" in body
    assert peak_mb() < 150
    nested = b"[" * (most // 2) + b"]" * (most // 2)
    status, _, body = kiln.http("POST", "/2015-03-31/functions/echo/invocations", nested)
    assert (status, body) == (200, nested)


def test_client_context_limits(kiln):
    import base64

    path = "/2015-03-31/functions/bystander/invocations"
    status, _, _ = kiln.http("POST", path, b"{}", {"X-Amz-Client-Context": base64.b64encode(b'{"a":"' + b"x" * 2600 + b'"}').decode()})
    assert status == 200
    for bad in (base64.b64encode(b'{"a":"' + b"x" * 2700 + b'"}').decode(), "%%%", base64.b64encode(b"not json").decode()):
        status, headers, _ = kiln.http("POST", path, b"{}", {"X-Amz-Client-Context": bad})
        assert (status, headers["x-amzn-ErrorType"]) == (400, "InvalidRequestContentException")


def test_half_open_connections_disturb_nobody(kiln):
    sockets = []
    try:
        for i in range(100):
            s = socket.create_connection(("127.0.0.1", kiln.port))
            s.sendall(b"POST /2015-03-31/functions/bystander/invocations HTTP/1.1\r\nContent-Length: 100\r\n" + b"\r\n{" * (i % 2))
            sockets.append(s)
        for _ in range(20):
            assert kiln.invoke("bystander")["Body"] == "alive"
    finally:
        for s in sockets:
            s.close()


@pytest.mark.parametrize("count", [1, 2000])
def test_a_caller_that_sends_no_more_gets_its_answers(kiln, count):
    kiln.invoke("bystander")
    request = b"POST /2015-03-31/functions/bystander/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
    answers = b""
    with socket.create_connection(("127.0.0.1", kiln.port)) as s:
        s.settimeout(60)
        sending = threading.Thread(target=lambda: (s.sendall(request * count), s.shutdown(socket.SHUT_WR)))
        sending.start()
        while part := s.recv(1 << 20):  # to the end of the connection
            answers += part
        sending.join()
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == answers.count(b'"alive"') == count


def test_a_request_line_of_a_megabyte(kiln):
    with socket.create_connection(("127.0.0.1", kiln.port)) as s:
        s.settimeout(20)
        try:
            s.sendall(b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert s.recv(100).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" * 20, b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 50_000, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"], ids=range(4))
def test_garbage_instead_of_http(kiln, garbage):
    with socket.create_connection(("127.0.0.1", kiln.port)) as s:
        s.settimeout(20)
        try:
            s.sendall(garbage)
            s.shutdown(socket.SHUT_WR)
            answer = s.recv(100)
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"FunctionName": 7}', b'{"FunctionName": "x", "MemorySize": "big", "Code": {}}', b'{"Code": "x"}', b"{" * 10_000], ids=range(7))
def test_control_requests_of_the_wrong_shape(kiln, body):
    status, headers, answer = kiln.http("POST", "/2015-03-31/functions", body)
    assert status == 400 and headers["x-amzn-ErrorType"] and "message" in json.loads(answer)
