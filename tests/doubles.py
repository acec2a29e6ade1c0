"""Servers that tests run in themselves: one that holds functions up, one that receives SNS messages, one that records."""

import http.server
import json
import queue
import socket
import threading
import urllib.request

GATED = """
import os
import socket

def handler(event, context):
    if "gate" in event:
        with socket.create_connection(("127.0.0.1", event["gate"])) as line:
            line.recv(1)
    if event.get("fail"):
        raise ValueError("as asked")
    return os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
"""


class Gate:
    """Functions with the code GATED wait at it until it opens: {"gate": gate.port}."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.server.getsockname()[1]
        self.arrived = queue.Queue()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                self.arrived.put(self.server.accept()[0])
            except OSError:
                return

    def hold(self, count, seconds=60):
        """Returns when `count` functions wait."""
        self.waiting = [self.arrived.get(timeout=seconds) for _ in range(count)]

    def open(self):
        for line in self.waiting:
            line.close()
        self.waiting = []

    def close(self):
        self.server.close()


class Receiver:
    """An HTTP server that keeps what it is sent. `answer`: (method, path, headers, body) -> (status, headers, body)."""

    def __init__(self, answer=None):
        received = self.received = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                received.put((self.command, self.path, dict(self.headers), body))
                status, headers, out = answer(self.command, self.path, dict(self.headers), body) if answer else (200, {}, b"")
                self.send_response(status)
                for key, value in {"Content-Length": len(out), **headers}.items():
                    self.send_header(key, str(value))
                self.end_headers()
                self.wfile.write(out)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self, seconds=60):
        return self.received.get(timeout=seconds)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Subscriber(Receiver):
    """An SNS subscriber that confirms its subscription and keeps the messages."""

    def subscribe(self, sns, topic):
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=self.url)
        headers, document = self.message()
        assert headers["x-amz-sns-message-type"] == document["Type"] == "SubscriptionConfirmation"
        with urllib.request.urlopen(document["SubscribeURL"]) as answer:
            assert answer.status == 200

    def message(self, seconds=60):
        """Headers and body of the next one."""
        _, _, headers, body = self.next(seconds)
        return headers, json.loads(body)
