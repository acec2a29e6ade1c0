"""Scripted clients of debuggers: gdb's remote protocol by gdb itself, the Debug Adapter Protocol (debugpy), and the
Inspector protocol (Node.js). Each sets one breakpoint, waits until it is hit, reads a variable, and lets the program go on."""

import base64
import http.client
import json
import os
import socket
import struct
import subprocess


def gdb(port, program, breakpoint_at, expression):
    """Returns what gdb printed: where it stopped, the value of the expression, and a backtrace."""
    commands = [
        "set pagination off", "set confirm off", "set breakpoint pending on", f"target remote 127.0.0.1:{port}",
        f"break {breakpoint_at}", "continue", f"print {expression}", "backtrace", "delete", "detach",
    ]
    words = ["gdb", "-q", "-nx", "-batch"]
    for command in commands:
        words += ["-ex", command]
    return subprocess.run([*words, str(program)], capture_output=True, text=True, timeout=60).stdout


class Dap:
    """A client of a debug adapter."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.stream = self.socket.makefile("rb")
        self.number = 0
        self.waiting = []

    def send(self, command, **arguments):
        self.number += 1
        body = json.dumps({"seq": self.number, "type": "request", "command": command, "arguments": arguments}).encode()
        self.socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self.number

    def receive(self):
        length = 0
        while (line := self.stream.readline().strip()) or not length:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(self.stream.read(length))

    def wait(self, matches):
        for message in self.waiting:
            if matches(message):
                self.waiting.remove(message)
                return message
        while not matches(message := self.receive()):
            self.waiting.append(message)
        return message

    def answer(self, number):
        return self.wait(lambda m: m["type"] == "response" and m["request_seq"] == number)

    def call(self, command, **arguments):
        answer = self.answer(self.send(command, **arguments))
        assert answer["success"], answer
        return answer.get("body", {})

    def event(self, name):
        return self.wait(lambda m: m["type"] == "event" and m["event"] == name)["body"]

    def attach(self, path_mappings, path, lines):
        self.call("initialize", clientID="test", adapterID="debugpy", pathFormat="path", linesStartAt1=True, columnsStartAt1=True)
        attached = self.send("attach", pathMappings=path_mappings, justMyCode=True)
        self.wait(lambda m: m["type"] == "event" and m["event"] == "initialized")
        answer = self.call("setBreakpoints", source={"path": str(path)}, breakpoints=[{"line": line} for line in lines])
        assert all(each["verified"] for each in answer["breakpoints"]), answer
        self.call("configurationDone")
        assert self.answer(attached)["success"]

    def close(self):
        self.socket.close()


class Inspector:
    """A client of Node.js's inspector: JSON over a WebSocket."""

    def __init__(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/json/list")
        url = json.loads(connection.getresponse().read())[0]["webSocketDebuggerUrl"]
        path = "/" + url.split("/", 3)[3]
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.stream = self.socket.makefile("rb")
        assert b"101" in self.stream.readline()
        while self.stream.readline().strip():
            pass
        self.number = 0
        self.events = []

    def send(self, method, **params):
        self.number += 1
        body = json.dumps({"id": self.number, "method": method, "params": params}).encode()
        length = len(body)
        head = struct.pack("!BB", 0x81, 0x80 | length) if length < 126 else struct.pack("!BBH", 0x81, 0x80 | 126, length)
        self.socket.sendall(head + b"\0\0\0\0" + body)  # a mask of zeros changes nothing
        return self.number

    def receive(self):
        _, length = struct.unpack("!BB", self.stream.read(2))
        if length == 126:
            (length,) = struct.unpack("!H", self.stream.read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.stream.read(8))
        return json.loads(self.stream.read(length))

    def call(self, method, **params):
        number = self.send(method, **params)
        while (message := self.receive()).get("id") != number:
            self.events.append(message)
        assert "error" not in message, message
        return message["result"]

    def event(self, method):
        for message in self.events:
            if message.get("method") == method:
                self.events.remove(message)
                return message["params"]
        while (message := self.receive()).get("method") != method:
            self.events.append(message)
        return message["params"]

    def close(self):
        self.socket.close()
