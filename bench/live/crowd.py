"""A thousand subscribers and a thousand waiting pollers on one server."""

import multiprocessing
import time

from dispatch import context_switches

from . import processes
from .box import Broken
from .crowd_clients import run_clients
from .wire import Wire

PAUSE = 0.05  # seconds between two submits; each is two events to every subscriber


class Crowd:
    """The clients, in a process of their own: they are many, and the submits are timed here. Use as a context."""

    def __init__(self, port):
        start = multiprocessing.get_context("fork")
        self._pipe, theirs = start.Pipe()
        self._process = start.Process(target=run_clients, args=(theirs, port, self._pipe), daemon=True)

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        self._pipe.close()  # its order to end
        self._process.join()

    def ask(self, *order):
        self._pipe.send(order)
        return self._pipe.recv()


def run(bench):
    with bench.box() as box:
        measure(bench, box)


def measure(bench, box):
    size = bench.sizes.crowd
    server = box.server("--lease", "3600", "--max-connections", str(2 * size + 100))
    submit(bench, server, "submit to its answer, nobody else there", 50)  # and what the server makes once is made
    with Wire(server.port) as client:
        client.ask("DELETE", "/queue")
    with Crowd(server.port) as crowd:
        for kind in ("subscribers", "pollers"):
            before = processes.memory(server.pid)
            crowd.ask(kind, size)
            wait_until_asleep(server)
            each = (processes.memory(server.pid) - before) / size
            bench.report.figure(f"memory of the server for each of {size} idle {kind}", each / 1024, "KiB", 16)
        before, used = context_switches(server.pid), processes.own_cpu(server.pid)
        time.sleep(bench.sizes.idle_seconds)
        switches = (context_switches(server.pid) - before) / bench.sizes.idle_seconds
        bench.report.figure("context switches of the server while all are idle", switches, "/s")
        cores = (processes.own_cpu(server.pid) - used) / bench.sizes.idle_seconds
        bench.report.figure("  processor meanwhile", 100 * cores, "% of a core")
        crowd.ask("pollers", 0)  # those whose wait is over ask again: all of them are parked from here on
        used = processes.own_cpu(server.pid)
        submit(bench, server, f"submit to its answer, {size} subscribers and {size} pollers", bench.sizes.crowd_submits)
        events = count_grants(bench, crowd)
        each = (processes.own_cpu(server.pid) - used) / events
        bench.report.figure("  processor of the server for each event at each subscriber", 1e6 * each, "µs")


def submit(bench, server, name, count):
    taken = []
    with Wire(server.port) as client:
        for number in range(count):
            began = time.monotonic()
            client.submit({"job_title": f"job {number}", "tasks": [{"module": "teleport", "data": {}}]})
            taken.append(time.monotonic() - began)
            time.sleep(PAUSE)
    bench.report.latency(name, taken)


def wait_until_asleep(server):
    """Until the server does next to nothing for a second: what came is answered and in its place."""
    for _ in range(60):
        before = context_switches(server.pid)
        time.sleep(1)
        if context_switches(server.pid) - before < 50:
            return
    raise Broken("the server is not idle a minute after its last client came")


def count_grants(bench, crowd):
    """Each submit reaches one poller, and wakes no other."""
    jobs = bench.sizes.crowd_submits
    end = time.monotonic() + 60
    while True:
        told = crowd.ask("count")
        told_all = told["events"] >= 2 * jobs * bench.sizes.crowd
        if (told["grants"] >= jobs and told_all) or time.monotonic() > end:
            break
        time.sleep(0.2)
    if (told["grants"], told["jobs"], told["empty"]) != (jobs, jobs, 0):
        raise Broken(f"{jobs} submits gave {told['grants']} grants of {told['jobs']} jobs and {told['empty']} pollers "
                     "were woken for nothing")
    if not told_all or told["resyncs"]:
        raise Broken(f"{told['events']} events came to the subscribers, and {told['resyncs']} times some were lost")
    bench.report.figure("grants for each submit", told["grants"] / jobs, goal=1)
    bench.report.figure("  events to subscribers meanwhile", told["events"])
    return told["events"]
