"""Very many short jobs, with cancels, pauses and a worker that comes and goes: does anything grow?"""

import random
import signal
import statistics
import subprocess
import time

from . import processes
from .box import Broken
from .soak_load import Load
from .watcher import Watcher
from .wire import Wire

SLOTS = 16
SAMPLES = 200  # over the whole of it
LOAD_ROUNDS = 20
LEASE = ("--lease", "3", "--backoff", "0.1")  # a grant that a killed worker never read comes back soon
HISTORY = "1000"  # finished jobs that are kept: full long before the first quarter is over


class Samples:
    """Memory, descriptors and zombies of processes over time."""

    def __init__(self, **watched):
        self._watched = watched
        self._taken = {name: [] for name in watched}
        self.count = 0

    def take(self):
        self.count += 1
        for name, process in self._watched.items():
            zombies = sum(state == "Z" for state in processes.descendants(process.pid).values())
            self._taken[name].append((processes.memory(process.pid), processes.descriptors(process.pid), zombies))

    def report(self, report):
        for name, taken in self._taken.items():
            quarter = max(1, len(taken) // 4)
            first, last = (list(zip(*part)) for part in (taken[:quarter], taken[-quarter:]))
            for index, (what, unit, scale) in enumerate((("memory", "MiB", 2**20), ("descriptors", "", 1))):
                for words, part in (("first", first), ("last", last)):
                    median = statistics.median(part[index]) / scale
                    report.figure(f"{name}: {what}, median of the {words} quarter", median, unit)
            report.figure(f"{name}: most zombies at one time, while it works", max(zombies for _, _, zombies in taken))


def run(bench):
    with bench.box() as box:
        if bench.soak_side == "server":
            of_the_server(bench, box)
        else:
            of_workers(bench, box)


def of_the_server(bench, box):
    """The load generator is the client and the worker."""
    server = box.server("--history", HISTORY)
    samples = Samples(server=server)
    each = max(1, bench.sizes.soak_jobs // LOAD_ROUNDS)
    began = time.monotonic()
    for _ in range(LOAD_ROUNDS):
        done = subprocess.run([bench.load_generator, "--port", str(server.port), "--jobs", str(each)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise Broken(f"the load generator says {done.stdout}{done.stderr}")
        samples.take()
    bench.report.figure("jobs", each * LOAD_ROUNDS)
    bench.report.figure("jobs a second", each * LOAD_ROUNDS / (time.monotonic() - began), "/s")
    samples.report(bench.report)


def of_workers(bench, box):
    """Two of them: one that stays, and one that is ended in turn by SIGTERM and SIGKILL and started again."""
    jobs = bench.sizes.soak_jobs
    modules = box.module("brief", ["true"])
    server = box.server("--history", HISTORY, *LEASE)
    flags = ("--slots", str(SLOTS), "--heartbeat-interval", "1", "--modules-dir", str(modules))
    steady = box.worker(server, *flags, name="steady")
    restless = box.worker(server, *flags, name="restless")
    samples = Samples(server=server, worker=steady)
    restarts = 0
    began = time.monotonic()
    with Wire(server.port) as client, Watcher(server.port) as watcher:
        load = Load(client, jobs)
        while not load.over:
            load.submit_more()
            load.hear(watcher)
            if samples.count * jobs < load.ended * SAMPLES:
                samples.take()
            if restarts * jobs < load.ended * bench.sizes.soak_restarts:
                box.stop(restless, random.choice((signal.SIGTERM, signal.SIGKILL)))
                restless = box.worker(server, *flags, name="restless")
                restarts += 1
        took = time.monotonic() - began
        waiting = client.ask("GET", "/queue")["entries"]
    for worker in (steady, restless):
        if left := processes.descendants(worker.pid):
            raise Broken(f"when all jobs were done a worker had the processes {left}")
    if waiting or load.ends["failed"] or sum(load.ends.values()) != jobs:
        raise Broken(f"of {jobs} jobs {dict(load.ends)} ended and {waiting} wait")
    bench.report.figure("jobs", jobs)
    bench.report.figure("jobs a second", jobs / took, "/s")
    bench.report.figure("  of them cancelled", load.ends["cancelled"])
    bench.report.figure("  paused and resumed", load.pauses)
    bench.report.figure("  ends and starts of the second worker", restarts)
    samples.report(bench.report)
