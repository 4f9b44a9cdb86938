"""From a submit to the grant at an idle worker, and to the encoder's first instruction."""

import random
import selectors
import shutil
import time

from . import media, processes
from .box import Broken
from .watcher import Watcher
from .wire import Wire

# Writes down when it was started, and becomes the program. EPOCHREALTIME is a variable: nothing is started for it.
NOTED = """#!/bin/bash
printf '%s %s\\n' "$EPOCHREALTIME" "${{@: -1}}" >>{notes}
exec {program} "$@"
"""
PAUSE = (0.005, 0.02)  # seconds between two submits: idle means idle, and in no one's step


def run(bench):
    with bench.box() as box:
        to_a_poller(bench, box.server())
    with bench.box() as box:
        to_the_encoder(bench, box)


def to_a_poller(bench, server):
    """One thread sends and receives, so nothing is timed but the server."""
    accepted, granted = [], []
    with Wire(server.port) as worker, Wire(server.port) as client, selectors.DefaultSelector() as selector:
        for wire in (worker, client):
            selector.register(wire, selectors.EVENT_READ)
        for number in range(bench.sizes.grants):
            worker.send("GET", "/queue/poll?worker_id=bench&modules=teleport&wait=60")
            time.sleep(random.uniform(*PAUSE))
            began = time.monotonic()
            client.send("POST", "/queue", {"job_title": f"job {number}", "tasks": [{"module": "teleport", "data": {}}]})
            at = {}
            while len(at) < 2:
                for key, _ in selector.select():
                    at[key.fileobj] = time.monotonic(), key.fileobj.receive()
            accepted.append(at[client][0] - began)
            granted.append(at[worker][0] - began)
            job, = at[worker][1][1]["jobs"]
            if job["job_id"] != at[client][1][1]["job_id"]:
                raise Broken("the poller was granted another job than the one that was submitted")
            client.ask("PATCH", f"/jobs/{job['job_id']}/completed",
                       {"failed": False, "info": {}, "lease": job["lease"]["token"]})
    bench.report.latency("submit to its answer (on disk)", accepted)
    bench.report.latency("submit to the grant at an idle poller", granted, goal_ms=20)


def to_the_encoder(bench, box):
    notes = box.folder / "started"
    for program in ("ffmpeg", "ffprobe"):
        tools = box.tool(program, NOTED.format(notes=notes, program=shutil.which(program)))
    server = box.server()
    film = media.clip(box.folder / "film.mkv", 1)
    with Wire(server.port) as client, Watcher(server.port) as watcher:
        def time_to_exec(source):
            notes.write_text("")
            began = time.monotonic()
            job_id = client.submit(media.encode(source, box.folder / "out.mkv") | {"metadata": {}})
            watcher.state(job_id, "completed")
            (box.folder / "out.mkv").unlink()
            started = [line.split(" ", 1) for line in notes.read_text().splitlines()]
            encoder, = (float(at) for at, argument in started if f".sisyphus-{job_id}-" in argument)
            return processes.monotonic_of(encoder) - began, len(started) - 1

        def measure(name, count, source_of, probes, before=lambda: None):
            taken = []
            for number in range(count):
                before()
                seconds, asked = time_to_exec(source_of(number))
                if asked != probes:
                    raise Broken(f"{name}: {asked} probes were run, expected {probes}")
                taken.append(seconds)
            bench.report.latency(name, taken)

        def copied(number):
            return shutil.copy(film, box.folder / f"film-{number}.mkv")

        worker = box.worker(server, tools=tools)
        time_to_exec(film)
        measure("submit to ffmpeg's exec, nothing to probe", bench.sizes.warm_starts, lambda _: film, 0)
        measure("  the same, a source that is new (ffprobe)", bench.sizes.first_looks, copied, 1)

        def restart():
            nonlocal worker
            box.stop(worker)
            worker = box.worker(server, tools=tools)

        measure("  the same, a worker's first job (ffmpeg -codecs too)", bench.sizes.cold_starts, lambda _: film, 2,
                before=restart)
