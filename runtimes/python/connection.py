"""The Runtime API over HTTP, loaded by bootstrap.py where there is no direct channel."""

import _socket


class Connection:
    """One keep-alive connection; each call waits for as long as the answer takes."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self._address = (host, int(port))
        self._head = f" HTTP/1.1\r\nHost: {address}\r\n"
        self._socket = None
        self._in = b""

    def next(self):
        """Status, headers (names in lower case) and body of the next event."""
        return self._call("GET", "invocation/next")

    def answer(self, request_id, kind, body, headers):
        self._call("POST", f"invocation/{request_id}/{kind}", body, headers)

    def init_error(self, body, headers):
        self._call("POST", "init/error", body, headers)

    def _call(self, method, path, body=b"", headers=""):
        head = f"{method} /2018-06-01/runtime/{path}{self._head}Content-Length: {len(body)}\r\n{headers}\r\n"
        data = head.encode()
        while True:
            reused = self._socket is not None
            try:
                if not reused:
                    self._connect()
                if len(body) < 65536:
                    self._socket.sendall(data + body)
                else:
                    self._socket.sendall(data)
                    self._socket.sendall(body)
                return self._read()
            except ConnectionError:
                self._close()
                # An idle connection may have been closed; a fresh one that fails is final.
                if not reused:
                    raise

    def _connect(self):
        self._in = b""
        self._socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self._socket.settimeout(None)  # whatever default the function's code has set
        self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self._socket.connect(self._address)

    def _close(self):
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _more(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the Runtime API closed the connection")
        self._in += data

    def _read(self):
        while b"\r\n\r\n" not in self._in:
            self._more()
        head, self._in = self._in.split(b"\r\n\r\n", 1)
        lines = head.decode("utf-8", "surrogateescape").split("\r\n")
        status = int(lines[0].split(" ", 2)[1])
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._read_chunks()
        else:
            body = self._take(int(headers.get("content-length", 0)))
        if headers.get("connection", "").lower() == "close":
            self._close()
        return status, headers, body

    def _take(self, size):
        if size <= len(self._in):
            taken, self._in = self._in[:size], self._in[size:]
            return taken
        whole = bytearray(size)
        have = len(self._in)
        whole[:have] = self._in
        self._in = b""
        rest = memoryview(whole)
        while have < size:
            count = self._socket.recv_into(rest[have:])
            if count == 0:
                raise ConnectionError("the Runtime API closed the connection")
            have += count
        return whole

    def _read_chunks(self):
        parts = []
        while True:
            while b"\r\n" not in self._in:
                self._more()
            size_text, self._in = self._in.split(b"\r\n", 1)
            size = int(size_text.split(b";")[0], 16)
            chunk = self._take(size + 2)
            if size == 0:
                return b"".join(parts)
            parts.append(chunk[:size])
