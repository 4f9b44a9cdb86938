"""A wire between a worker and its server that can be cut, in the ways in which networks cut them."""

import contextlib
import socket
import struct
import threading


def _reset(connection):
    """Closes with RST instead of FIN."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class _Link:
    """One connection of a client and the one that was made for it. Two threads carry the bytes."""

    def __init__(self, proxy, client, server):
        self.proxy = proxy
        self.client = client
        self.server = server
        self.dead = False  # half-open: nobody is told, and nothing will ever come through again
        self.swallows = False  # its last request was one whose reply is not to arrive
        for source, sink, down in ((client, server, False), (server, client, True)):
            threading.Thread(target=self._carry, args=(source, sink, down), daemon=True).start()

    def _carry(self, source, sink, down):
        try:
            while data := source.recv(65536):
                if not self.proxy.may_pass(self, data, down):
                    break
                sink.sendall(data)
        except OSError:
            pass  # an end has gone: the other is told below
        if not self.dead:
            self.reset()

    def reset(self):
        for connection in (self.client, self.server):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads it
            _reset(connection)


class Proxy:
    """Use as a context. `url` leads to the server through it; what it does to the bytes is changed at any time."""

    def __init__(self, port):
        self._target = port
        self._lock = threading.Condition()
        self._mode = "pass"
        self._delay = 0.0
        self._request = b""
        self.swallowed = 0  # replies
        self._links = []
        self._silent = []  # accepted and never answered
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.set("reset")

    def set(self, mode, delay=0.0, request=b""):
        """"pass"; "hold": bytes wait, connections stay; "half-open": those that are there are dead and do not know,
        new ones are accepted and never answered; "reset": all are, new ones too; "swallow": requests in which
        `request` stands arrive, and instead of the reply comes a reset. `delay`: seconds that each piece is late."""
        with self._lock:
            self._mode, self._delay, self._request = mode, delay, request
            links, silent = self._links, self._silent
            if mode == "half-open":
                for link in links:
                    link.dead = True
            if mode in ("pass", "reset"):
                self._silent = []
                for connection in silent:
                    _reset(connection)
            if mode == "reset":
                self._links = []
                for link in links:
                    link.reset()
            self._lock.notify_all()

    def may_pass(self, link, data, down):
        with self._lock:
            delay = self._delay
            while not link.dead and self._mode == "hold":
                self._lock.wait()
            if link.dead:
                return False
            if not down:
                link.swallows = self._mode == "swallow" and self._request in data
            if down and link.swallows:
                self.swallowed += 1
                return False
            if delay:
                self._lock.wait(delay)
        return True

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            with self._lock:
                if self._mode == "half-open":
                    self._silent.append(client)
                elif self._mode == "reset":
                    _reset(client)
                else:
                    self._connect(client)

    def _connect(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            _reset(client)
        else:
            self._links.append(_Link(self, client, server))
