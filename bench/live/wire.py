"""HTTP as a client of ours speaks it, on one connection: sending and receiving apart, so that each can be timed."""

import json
import socket

from dispatch import HOST

PATIENCE = 60.0  # seconds that any one answer may take on a busy machine


class Refused(Exception):
    """An answer that is no success."""


class Wire:
    """One connection; one request outstanding. Use as a context."""

    def __init__(self, port):
        self.socket = socket.create_connection((HOST, port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    def send(self, method, path, body=None):
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\n"
        if content:
            head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        self.socket.sendall(head.encode() + b"\r\n" + content)

    def receive(self):
        """Status and JSON of the answer; None for one without a body."""
        while b"\r\n\r\n" not in self._received:
            self._more()
        head, _, rest = self._received.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        self._received = rest
        while len(self._received) < length:
            self._more()
        content, self._received = self._received[:length], self._received[length:]
        return int(head.split(b" ", 2)[1]), json.loads(content) if content else None

    def call(self, method, path, body=None):
        self.send(method, path, body)
        return self.receive()

    def ask(self, method, path, body=None):
        """The JSON of an answer that must be a success."""
        status, answer = self.call(method, path, body)
        if status >= 300:
            raise Refused(f"{method} {path}: {status} {answer}")
        return answer

    def submit(self, job):
        return self.ask("POST", "/queue", job)["job_id"]

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._received += data
