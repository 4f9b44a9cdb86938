"""What a cancel takes: to the signal, to the death of all that the job started, to the word `cancelled`."""

import os
import selectors
import time

from . import media, processes, random_cancels
from .box import TOOLS, Broken
from .watcher import Watcher
from .wire import Wire

PATIENCE = 30


def run(bench):
    with bench.box() as box:
        # A process that computes and has much memory takes a while to die: the signal's own way is seen without that.
        of_one_encode(bench, box, "an encode in real time", 10, size="320x180", preset="ultrafast", re=True)
    with bench.box() as box:
        of_one_encode(bench, box, "one encode", None, size="1280x720", preset="medium")
    with bench.box() as box:
        of_busy_encodes(bench, box)
    with bench.box() as box:
        of_a_module(bench, box)
    with bench.box() as box:
        random_cancels.run(bench, box)


def started_for(worker, job_id):
    """The job's guard and its encoder."""
    mine = processes.with_text("cmdline", f".sisyphus-{job_id}-")
    guard, = (pid for pid in processes.children(worker.pid) if pid in mine)
    encoder, = processes.children(guard)
    return guard, encoder


def cancel(client, watcher, worker, job_id):
    """Seconds from the request to: the encoder's death, its guard's (nothing is left), `cancelled` at a subscriber."""
    names = dict(zip(("guard", "encoder"), started_for(worker, job_id)))
    with selectors.DefaultSelector() as selector:
        handles = {name: os.pidfd_open(pid) for name, pid in names.items()}
        try:
            for name, handle in handles.items():
                selector.register(handle, selectors.EVENT_READ, name)
            died = {}
            began = time.monotonic()
            client.send("POST", f"/jobs/{job_id}/cancel")
            while len(died) < len(handles):
                ready = selector.select(PATIENCE)
                at = time.monotonic()
                if not ready:
                    raise Broken(f"{names.keys() - died.keys()} of a cancelled job still there after {PATIENCE} s")
                for key, _ in ready:
                    died[key.data] = at - began
                    selector.unregister(key.fileobj)
        finally:
            for handle in handles.values():
                os.close(handle)
    status, answer = client.receive()
    if status != 200:
        raise Broken(f"the cancel was answered {status} {answer}")
    told = watcher.state(job_id, "cancelled").at - began
    return died["encoder"], died["guard"], told


def report(bench, circumstances, taken, death_goal):
    died, left, told = zip(*taken)
    bench.report.latency(f"cancel to the encoder's death, {circumstances}", died, death_goal)
    bench.report.latency(f"cancel until nothing is left, {circumstances}", left, 300)
    bench.report.latency(f"cancel to `cancelled` seen, {circumstances}", told, 1000)


def leave_nothing(box, worker):
    if left := box.hidden_folders():
        raise Broken(f"cancelled jobs left {left}")
    if left := list(box.folder.glob("out*.mkv")):
        raise Broken(f"cancelled jobs left {left}")
    if left := processes.descendants(worker.pid):
        raise Broken(f"cancelled jobs left the processes {left}")


def of_one_encode(bench, box, circumstances, death_goal, size, preset, **input_options):
    server = box.server()
    worker = box.worker(server)
    film = media.clip(box.folder / "film.mkv", 5, size)
    taken = []
    with Wire(server.port) as client, Watcher(server.port) as watcher:
        for number in range(bench.sizes.cancels + 1):
            job_id = client.submit(media.endless(film, box.folder / f"out-{number}.mkv", preset, **input_options))
            watcher.encoding(job_id)
            taken.append(cancel(client, watcher, worker, job_id))
    leave_nothing(box, worker)
    report(bench, circumstances, taken[1:], death_goal)  # during the first the worker may still be connecting


def of_busy_encodes(bench, box):
    encodes = bench.sizes.busy_encodes
    server = box.server()
    worker = box.worker(server, "--slots", str(encodes))
    film = media.clip(box.folder / "film.mkv", 5, "1280x720")
    taken, running = [], []
    with Wire(server.port) as client, Watcher(server.port) as watcher:
        def begin():
            job_id = client.submit(media.endless(film, box.folder / f"out-{len(taken)}-{len(running)}.mkv"))
            watcher.encoding(job_id)
            running.append(job_id)

        while len(taken) < bench.sizes.cancels:
            while len(running) < encodes:
                begin()
            taken.append(cancel(client, watcher, worker, running.pop(0)))
        while running:
            cancel(client, watcher, worker, running.pop())
    leave_nothing(box, worker)
    report(bench, f"{encodes} encodes", taken, None)


def of_a_module(bench, box):
    """One that is asked with SIGTERM: the signal's arrival itself can be noted."""
    notes = box.folder / "ended"
    modules = box.module("patient", [str(TOOLS / "noted_end.sh"), str(notes)])
    server = box.server()
    worker = box.worker(server, "--modules-dir", str(modules))
    arrived, told = [], []
    with Wire(server.port) as client, Watcher(server.port) as watcher:
        for _ in range(bench.sizes.cancels + 1):
            job_id = client.submit({"job_title": "patient", "tasks": [{"module": "patient", "data": {}}]})
            watcher.encoding(job_id)
            began = time.monotonic()
            client.ask("POST", f"/jobs/{job_id}/cancel")
            told.append(watcher.state(job_id, "cancelled").at - began)
            arrived.append(processes.monotonic_of(float(notes.read_text())) - began)
            notes.unlink()
    leave_nothing(box, worker)
    bench.report.latency("cancel to SIGTERM at a module's shell script", arrived[1:], 10)
    bench.report.latency("cancel to `cancelled` seen, that module", told[1:], 1000)
