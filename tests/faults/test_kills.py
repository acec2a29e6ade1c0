"""kill -9 under a load of asynchronous invocations: what was accepted is delivered."""

import collections
import http.client
import json
import random
import socketserver
import threading

import pytest

from harness import wait_for

ROUNDS = 50
PER_THREAD = 100

REPORTING = """
import socket

def handler(event, context):
    with socket.create_connection(("127.0.0.1", event["collector"])) as line:
        line.sendall(event["id"].encode() + b"\\n")
        line.recv(1)  # it is counted
"""


class Collector(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self):
        self.seen = collections.Counter()
        self.changed = threading.Condition()
        collector = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                line = self.rfile.readline().decode()
                if not line.endswith("\n"):
                    return  # killed before it had said which one it is
                id = line.strip()
                with collector.changed:
                    collector.seen[id] += 1
                    collector.changed.notify_all()
                self.wfile.write(b"!")

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def wait_for(self, count, seconds=180):
        """Returns when so many different events have come."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.seen) >= count, seconds), f"{len(self.seen)} of {count} events have come"


@pytest.mark.slow
def test_every_accepted_event_is_delivered_over_fifty_kills(own_kiln, name):
    collector = Collector()
    accepted = []
    arguments = ["--speed", "60"]
    kiln = own_kiln(args=arguments)
    kiln.create(name, {"index.py": REPORTING}, Timeout=10)
    wait_for(lambda: kiln.client("lambda").get_function(FunctionName=name)["Configuration"]["State"] == "Active")

    def send(port, thread, round, enough):
        """Events without a pause, until the engine is gone or a backlog is there; the ids of those answered with 202."""
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for number in range(PER_THREAD):
            id = f"{round}-{thread}-{number}"
            try:
                line.request("POST", f"/2015-03-31/functions/{name}/invocations", json.dumps({"id": id, "collector": collector.server_address[1]}),
                             {"X-Amz-Invocation-Type": "Event"})
                answer = line.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            assert answer.status == 202, answer.status
            accepted.append(id)
            if len(accepted) >= enough[0]:
                enough[1].set()

    # Half of the kills come while the first events are being accepted, before a function runs; half in the middle of
    # deliveries.
    chance = random.Random(7)
    for round in range(ROUNDS):
        enough = (len(accepted) + chance.randint(1, 60), threading.Event())
        threads = [threading.Thread(target=send, args=(kiln.port, i, round, enough)) for i in range(4)]
        for thread in threads:
            thread.start()
        assert enough[1].wait(60)
        if round % 2:
            collector.wait_for(len(collector.seen) + chance.randint(1, PER_THREAD))
        kiln.kill()
        for thread in threads:
            thread.join()
        kiln = own_kiln(args=arguments)
    wait_for(lambda: set(accepted) <= set(collector.seen), seconds=120, what="all accepted events are delivered")
    twice = sum(1 for id in accepted if collector.seen[id] > 1)
    print(f"{ROUNDS} kills: {len(accepted)} accepted, {len(set(accepted) - set(collector.seen))} lost, {twice} delivered more than once")
    collector.shutdown()
    collector.server_close()
