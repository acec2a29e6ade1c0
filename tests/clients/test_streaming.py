"""Answers that a function writes while they are sent: InvokeWithResponseStream, and function URLs of InvokeMode RESPONSE_STREAM."""

import http.client
import json
import queue
import re
import socketserver
import subprocess
import threading
import time
import urllib.parse

import pytest
from botocore.eventstream import EventStreamBuffer
from harness import BINARY, ROOT, wait_for

# Writes what the event says. A number waits until the test says so; "!" fails, "?" leaves the process, "*" writes so many megabytes.
CODE = """
import http from 'node:http';
const wait = (port) => new Promise((done) => http.get({port, agent: false}, (answer) => answer.resume().on('end', done)));
export const handler = awslambda.streamifyResponse(async (event, out) => {
  const {head, parts} = event.parts ? event : JSON.parse(event.body);
  if (head) out = awslambda.HttpResponseStream.from(out, head);
  for (const part of parts) {
    if (typeof part === 'number') await wait(part);
    else if (part === '!') throw new RangeError('half way');
    else if (part === '?') process.exit(3);
    else if (part[0] === '*') {
      for (let i = 0; i < Number(part.slice(1)); ++i)
        if (!out.write(Buffer.alloc(1 << 20, 'x'))) await new Promise((go) => out.once('drain', go));
    } else out.write(part);
  }
  out.end();
});
"""


class Gate:
    """A server whose one answer waits until open() is called."""

    def __init__(self):
        opened = threading.Event()
        self.asked, self.open = threading.Event(), opened.set

        class Answer(socketserver.StreamRequestHandler):
            def handle(handler):
                while handler.rfile.readline() not in (b"\r\n", b""):
                    pass
                self.asked.set()
                opened.wait(30)
                handler.wfile.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.open()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def gate():
    one = Gate()
    yield one
    one.close()


@pytest.fixture
def streams(kiln, name):
    kiln.create(name, {"index.mjs": CODE}, runtime="nodejs20.x", Timeout=20)
    return name


class Stream:
    """An event stream that is on its way."""

    def __init__(self, kiln, name, payload, **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", kiln.port, timeout=30)
        path = f"/2021-11-15/functions/{name}/response-streaming-invocations"
        self.connection.request("POST", path, json.dumps(payload), headers)
        self.answer = self.connection.getresponse()
        self.events = EventStreamBuffer()

    def __iter__(self):
        while data := self.answer.read1(65536):
            self.events.add_data(data)
            for event in self.events:
                yield event.headers[":event-type"], event.payload

    def all(self):
        """What came as the answer, and InvokeComplete."""
        events = list(self)
        assert [kind for kind, _ in events] == ["PayloadChunk"] * (len(events) - 1) + ["InvokeComplete"]
        return b"".join(payload for _, payload in events[:-1]), json.loads(events[-1][1])


def test_parts_arrive_while_the_function_works(kiln, streams, gate):
    stream = Stream(kiln, streams, {"parts": ["one", gate.port, "two"]})
    assert stream.answer.status == 200 and stream.answer.headers["Content-Type"] == "application/vnd.amazon.eventstream"
    events = iter(stream)
    assert next(events) == ("PayloadChunk", b"one")
    assert gate.asked.wait(30)
    gate.open()
    rest = list(events)
    assert b"".join(payload for kind, payload in rest if kind == "PayloadChunk") == b"two"
    assert rest[-1] == ("InvokeComplete", b"{}")


def test_the_log_and_errors_end_a_stream(kiln, streams):
    answer, complete = Stream(kiln, streams, {"parts": ["a"]}, **{"X-Amz-Log-Type": "Tail"}).all()
    assert answer == b"a" and list(complete) == ["LogResult"]
    answer, complete = Stream(kiln, streams, {"parts": ["a", "b", "!"]}).all()
    assert answer == b"ab" and complete["ErrorCode"] == "RangeError"
    assert json.loads(complete["ErrorDetails"])["errorMessage"] == "half way"
    _, complete = Stream(kiln, streams, {"parts": ["!"]}).all()
    assert complete["ErrorCode"] == "RangeError", "before its first byte"
    answer, complete = Stream(kiln, streams, {"parts": ["a" * 1000, "?"]}).all()
    assert a_prefix(answer, b"a" * 1000) and complete["ErrorCode"] in ("Runtime.ExitError", "Runtime.TruncatedResponse")
    # The environment is another one, and serves.
    assert Stream(kiln, streams, {"parts": ["again"]}).all() == (b"again", {})


def a_prefix(answer, whole):
    return whole.startswith(answer)


def test_a_stream_that_takes_too_long_says_so(kiln, name, gate):
    kiln.create(name, {"index.mjs": CODE}, runtime="nodejs20.x", Timeout=1)
    answer, complete = Stream(kiln, name, {"parts": ["early", gate.port, "late"]}).all()
    assert answer == b"early" and "Task timed out after 1.00 seconds" in complete["ErrorDetails"]


def test_a_caller_that_goes_leaves_the_function_at_work(kiln, streams, gate):
    stream = Stream(kiln, streams, {"parts": ["one", gate.port, "*3", "two"]})
    assert next(iter(stream)) == ("PayloadChunk", b"one")
    stream.connection.sock.close()
    stream.answer.close()
    gate.open()

    logs = kiln.client("logs")

    def reports():
        try:
            return logs.filter_log_events(logGroupName=f"/aws/lambda/{streams}", filterPattern="REPORT")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []

    wait_for(reports)
    assert "Status" not in reports()[0]["message"]
    assert Stream(kiln, streams, {"parts": ["next"]}).all() == (b"next", {})


def test_six_megabytes_come_at_once_then_two_a_second(kiln, streams):
    begun = time.monotonic()
    stream = Stream(kiln, streams, {"parts": ["*7"]})
    answer, complete = stream.all()
    assert answer == b"x" * (7 << 20) and complete == {}
    # The seventh takes half a second at least: that long, the last byte isn't sent.
    assert time.monotonic() - begun > 0.45


def test_an_invoke_gathers_what_is_streamed(kiln, streams):
    assert kiln.client("lambda").invoke(FunctionName=streams, Payload='{"parts": ["1", "2"]}')["Payload"].read() == b"12"


def test_two_streams_at_once_keep_apart(kiln, streams):
    results = queue.Queue()

    def one(letter):
        results.put((letter, Stream(kiln, streams, {"parts": [letter * 5000] * 200}).all()))

    threads = [threading.Thread(target=one, args=(letter,)) for letter in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for letter, (answer, complete) in (results.get() for _ in threads):
        assert answer == letter.encode() * 1_000_000 and complete == {}


NATIVE = """#include <kiln/stream.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>
#include <string>

// Writes, and waits for the port that the event is before it goes on.
int main() {
  return kiln::run([](std::string_view event, const kiln::Context&, kiln::ResponseStream& out) {
    out.content_type("text/plain");
    out.write("first");
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(std::string(event))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    char c = 0;
    if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("nobody is there");
    if (::write(fd, "GET / HTTP/1.1\\r\\n\\r\\n", 18) != 18 || ::read(fd, &c, 1) != 1) throw std::runtime_error("nobody answers");
    out.write("second");
  });
}
"""


def test_a_function_on_the_sdk_streams(kiln, name, gate, tmp_path):
    (tmp_path / "stream.cc").write_text(NATIVE)
    sdk = BINARY.parent / "src" / "sdk" / "core" / "libkiln_sdk.a"
    subprocess.run(["g++", "-std=c++20", "-O1", "-I", str(ROOT / "include"), "stream.cc", str(sdk), "-static", "-Wl,--wrap=__cxa_throw",
                    "-o", "bootstrap"], cwd=tmp_path, check=True)
    kiln.create(name, {"bootstrap": (tmp_path / "bootstrap").read_bytes()}, runtime="provided.al2023")
    events = iter(Stream(kiln, name, gate.port))
    assert next(events) == ("PayloadChunk", b"first")
    assert gate.asked.wait(30)
    gate.open()
    assert list(events) == [("PayloadChunk", b"second"), ("InvokeComplete", b"{}")]
    assert kiln.client("lambda").invoke(FunctionName=name, Payload=str(gate.port))["Payload"].read() == b"firstsecond"


def test_the_sdk_for_javascript_reads_a_stream(kiln, streams):
    if not (ROOT / "tests/node/node_modules/@aws-sdk/client-lambda").exists():
        pytest.skip("no @aws-sdk/client-lambda: `npm ci` in tests/node brings it")
    code = """
import { LambdaClient, InvokeWithResponseStreamCommand } from '@aws-sdk/client-lambda';
const [endpoint, FunctionName] = process.argv.slice(1);
const client = new LambdaClient({endpoint, region: 'us-east-1', credentials: {accessKeyId: 'a', secretAccessKey: 'b'}});
const answer = await client.send(new InvokeWithResponseStreamCommand({FunctionName, Payload: '{"parts": ["a", "b", "!"]}'}));
const seen = [];
for await (const event of answer.EventStream) {
  if (event.PayloadChunk) seen.push(new TextDecoder().decode(event.PayloadChunk.Payload));
  if (event.InvokeComplete) seen.push(event.InvokeComplete.ErrorCode);
}
console.log(JSON.stringify([answer.ExecutedVersion, seen.join('')]));
"""
    done = subprocess.run(["node", "--input-type=module", "-e", code, f"http://127.0.0.1:{kiln.port}", streams], cwd=ROOT / "tests/node",
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["$LATEST", "abRangeError"]


# ---- Function URLs


def url_of(kiln, name):
    # Over plain HTTP: the oldest clients that Kiln is tested with don't know the member.
    status, _, body = kiln.http("POST", f"/2021-10-31/functions/{name}/url", json.dumps({"AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"}))
    assert status == 201 and json.loads(body)["InvokeMode"] == "RESPONSE_STREAM"
    return urllib.parse.urlsplit(json.loads(body)["FunctionUrl"]).netloc


def ask(kiln, host, parts, head=None, method="POST"):
    connection = http.client.HTTPConnection("127.0.0.1", kiln.port, timeout=30)
    connection.request(method, "/", json.dumps({"head": head, "parts": parts}), {"Host": host, "Content-Type": "application/json"})
    return connection.getresponse()


def test_a_url_streams_too(kiln, streams, gate):
    host = url_of(kiln, streams)
    head = {"statusCode": 201, "headers": {"Content-Type": "text/event-stream", "x-own": "1"}, "cookies": ["a=1", "b=2"]}
    answer = ask(kiln, host, ["data: 1\n\n", gate.port, "data: 2\n\n"], head)
    assert answer.status == 201 and answer.headers["Content-Type"] == "text/event-stream" and answer.headers["x-own"] == "1"
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"] and answer.headers["Transfer-Encoding"] == "chunked"
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-amzn-RequestId"])
    assert answer.readline() == b"data: 1\n"
    assert gate.asked.wait(30)
    gate.open()
    assert answer.read() == b"\ndata: 2\n\n"


def test_a_url_without_metadata(kiln, streams):
    answer = ask(kiln, url_of(kiln, streams), ["plain"])
    assert (answer.status, answer.headers["Content-Type"], answer.read()) == (200, "application/octet-stream", b"plain")


def test_a_url_whose_function_fails(kiln, streams):
    host = url_of(kiln, streams)
    answer = ask(kiln, host, ["!"])
    assert (answer.status, answer.read()) == (502, b"Internal Server Error")
    for head in ({"statusCode": 999}, {"headers": {"a b": "c"}}):
        answer = ask(kiln, host, ["text"], head)
        assert (answer.status, answer.read()) == (502, b"Internal Server Error"), head
    answer = ask(kiln, host, ["some", "!"], {"statusCode": 200})
    assert answer.status == 200
    with pytest.raises(http.client.IncompleteRead) as broken:
        answer.read()
    assert broken.value.partial == b"some"


def test_a_url_of_a_function_that_does_not_stream(kiln, name):
    kiln.create(name, {"index.py": "def handler(event, context): return {'statusCode': 418, 'body': 'tea'}\n"})
    answer = ask(kiln, url_of(kiln, name), [])
    assert answer.status == 200 and json.loads(answer.read()) == {"statusCode": 418, "body": "tea"}, "its answer as it is, as on AWS"
    status, _, _ = kiln.http("PUT", f"/2021-10-31/functions/{name}/url", json.dumps({"InvokeMode": "BUFFERED"}))
    assert status == 200


def test_head_has_no_body(kiln, streams):
    answer = ask(kiln, url_of(kiln, streams), ["a", "b"], {"statusCode": 200, "headers": {"x-own": "1"}}, "HEAD")
    assert answer.status == 200 and answer.headers["x-own"] == "1" and answer.read() == b""
