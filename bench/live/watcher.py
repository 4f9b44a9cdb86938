"""A subscriber to server-sent events that notes when each arrived, on CLOCK_MONOTONIC."""

import json
import queue
import socket
import threading
import time

from dispatch import HOST

TERMINAL = ("completed", "failed", "cancelled")


class Late(Exception):
    """An event that was expected did not come."""


class Event:
    def __init__(self, kind, text, at):
        self.type, self._text, self.at = kind, text, at
        self._data = None

    @property
    def data(self):
        if self._data is None:
            self._data = json.loads(self._text)
        return self._data

    @property
    def job_id(self):
        return self.data.get("job_id")

    @property
    def state(self):
        return self.data.get("state") if self.type == "state" else None


class Parser:
    """Bytes of a stream -> (type, JSON text) of the events that are whole. Chunk sizes, comments and ids are passed
    over: the server puts each event into a chunk of its own."""

    def __init__(self):
        self._kind, self._rest = "", b""

    def feed(self, data):
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"event: "):
                self._kind = line[7:].decode()
            elif line.startswith(b"data: "):
                yield self._kind, line[6:]


def subscribe(port, path="/events"):
    """A socket on which the events will come; the answer's head is in front of them."""
    connection = socket.create_connection((HOST, port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    return connection


class Watcher:
    """Use as a context. A thread reads and notes the time; what came is taken in order with `next` and `until`."""

    def __init__(self, port, path="/events"):
        self._queue = queue.SimpleQueue()
        self._socket = subscribe(port, path)
        head = self._socket.recv(4096)  # it is subscribed when this is answered
        if b" 200 " not in head:
            raise ConnectionError(head.decode(errors="replace"))
        self._rest = head.partition(b"\r\n\r\n")[2]
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the server was first
        self._thread.join()
        self._socket.close()

    def _read(self):
        parser, data = Parser(), self._rest
        while True:
            at = time.monotonic()
            for kind, text in parser.feed(data):
                self._queue.put(Event(kind, text, at))
            try:
                data = self._socket.recv(1 << 20)
            except ConnectionResetError:
                data = b""
            if not data:
                return

    def next(self, timeout):
        """None when nothing came within so many seconds."""
        try:
            return self._queue.get(timeout=timeout)
        except queue.Empty:
            return None

    def until(self, condition, what, timeout=60.0):
        """Takes events up to the first that meets the condition; a resync in between is an error, as it may have been
        in what was lost."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            event = self.next(left)
            if event is None:
                break
            if event.type == "resync":
                raise Late(f"the subscriber was too slow while it waited for: {what}")
            if condition(event):
                return event
        raise Late(f"not within {timeout:.0f} s: {what}")

    def state(self, job_id, *states):
        """The event with which the job came into one of the states. Another end is an error."""
        found = self.until(lambda event: event.type == "state" and event.job_id == job_id and
                           event.state in (*states, *TERMINAL), f"job {job_id} is {' or '.join(states)}")
        if found.state not in states:
            raise Late(f"job {job_id} became {found.state}, not {' or '.join(states)}: {found.data.get('message')}")
        return found

    def encoding(self, job_id):
        """Its first progress that says a frame: the encoder is at work."""
        return self.until(lambda event: event.type == "progress" and event.job_id == job_id and
                          event.data["progress"].get("frame"), f"progress of job {job_id}")
