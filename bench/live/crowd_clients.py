"""Very many clients of one server in one process: subscribers who count, and pollers who ask again."""

import os
import selectors
import signal

from . import watcher
from .wire import Wire


class Subscriber:
    def __init__(self, port):
        self.socket = watcher.subscribe(port)
        self._parser = watcher.Parser()

    def fileno(self):
        return self.socket.fileno()

    def ready(self, counts):
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed a stream")
        for kind, _ in self._parser.feed(data):
            counts["resyncs" if kind == "resync" else "events"] += 1


class Poller(Wire):
    """`wait=60`, again and again."""

    def __init__(self, port, number):
        super().__init__(port)
        self._path = f"/queue/poll?worker_id=crowd-{number}&modules=teleport&wait=60"
        self.send("GET", self._path)

    def ready(self, counts):
        _, answer = self.receive()
        ids = [job["job_id"] for job in answer["jobs"]]
        counts["grants"] += len(ids)
        counts["empty"] += not ids
        counts["ids"].update(ids)
        self.send("GET", self._path)


def run_clients(pipe, port, parents_pipe):
    """Does what the parent asks through the pipe, and answers each order; ends with the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parents_pipe.close()  # forked: else the end of the parent would not be seen
    clients = []
    counts = {"events": 0, "resyncs": 0, "grants": 0, "empty": 0, "ids": set()}
    selector = selectors.DefaultSelector()
    selector.register(pipe, selectors.EVENT_READ)

    def add(client):
        clients.append(client)
        selector.register(client, selectors.EVENT_READ)

    def obey(order, *arguments):
        if order == "subscribers":
            for _ in range(*arguments):
                add(Subscriber(port))
        elif order == "pollers":
            for number in range(*arguments):
                add(Poller(port, number))
            counts["empty"] = 0
        return {**counts, "ids": None, "jobs": len(counts["ids"])}

    while True:
        for key, _ in selector.select():
            if key.fileobj is not pipe:
                key.fileobj.ready(counts)
                continue
            try:
                order = pipe.recv()
            except EOFError:
                os._exit(0)
            pipe.send(obey(*order))
