"""Versions with SnapStart: published, called, and called at once."""

import base64
import json
import socket
from concurrent.futures import ThreadPoolExecutor

from harness import wait_for

ON = {"ApplyOn": "PublishedVersions"}


def publish(kiln, name, code, wait="Active", **more):
    """A version of a function with SnapStart, when its template is there."""
    lambda_ = kiln.client("lambda")
    kiln.create(name, {"index.py": code}, SnapStart=ON, **{"Timeout": 20, "MemorySize": 512, **more})
    version = lambda_.publish_version(FunctionName=name)["Version"]
    return settled(lambda_, name, version, wait)


def settled(lambda_, name, version, wait="Active"):
    def state():
        document = lambda_.get_function_configuration(FunctionName=name, Qualifier=version)
        return document["State"] != "Pending" and document

    document = wait_for(state, 30, f"the state of {name}:{version}")
    assert document["State"] == wait, document
    return document


def call(kiln, name, event=None, version="1", **more):
    answer = kiln.client("lambda").invoke(FunctionName=name, Qualifier=version, Payload=json.dumps(event or {}), **more)
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload if "LogType" not in more else (payload, base64.b64decode(answer["LogResult"]).decode())


class Gate:
    """Handlers that connect to it wait until it opens."""

    def __enter__(self):
        self._listener, self._waiting = socket.create_server(("127.0.0.1", 0)), []
        self._listener.settimeout(20)
        self.port = self._listener.getsockname()[1]
        return self

    def __exit__(self, *_):
        self.open()
        self._listener.close()

    def wait_for(self, count):
        while len(self._waiting) < count:
            self._waiting.append(self._listener.accept()[0])

    def open(self):
        while self._waiting:
            self._waiting.pop().close()


WAIT = "socket.create_connection(('127.0.0.1', event['gate'])).recv(1)"


def at_once(kiln, name, count, events=None, meanwhile=lambda: None, work=call):
    """Answers of calls that are in their handlers together; these wait at the gate of their event."""
    with ThreadPoolExecutor(count) as pool, Gate() as gate:
        calls = [pool.submit(work, kiln, name, {"gate": gate.port, **(events[i] if events else {})}) for i in range(count)]
        try:
            gate.wait_for(count)
            meanwhile()
        except TimeoutError:
            assert not [one.result() for one in calls if one.done()], "one has not waited"
            raise
        finally:
            gate.open()
        return [one.result() for one in calls]


def lines(kiln, name):
    logs = kiln.client("logs")
    group = f"/aws/lambda/{name}"
    return {
        stream["logStreamName"]: [
            event["message"].rstrip("\n")
            for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)["events"]
        ]
        for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]
    }
