"""Cancels at random moments of short encodes: waiting, being planned, encoding, being published."""

import collections
import random
import time

from . import media, processes
from .box import Broken
from .watcher import TERMINAL, Watcher
from .wire import Wire

SLOTS = 4
FILM_SECONDS = 4
AT_ONCE = 6  # jobs: some of them wait


def run(bench, box):
    server = box.server()
    worker = box.worker(server, "--slots", str(SLOTS))
    film = media.clip(box.folder / "film.mkv", FILM_SECONDS, "640x360")
    ends, found_as, outputs, due = collections.Counter(), collections.Counter(), {}, {}
    number, published, longest = 0, 0, time_of_an_encode(server, film, box)
    with Wire(server.port) as client, Watcher(server.port) as watcher:
        while ends["cancelled"] < bench.sizes.random_cancels or outputs:
            while len(outputs) < AT_ONCE and ends["cancelled"] + len(outputs) < bench.sizes.random_cancels:
                output = box.folder / f"out-{number}.mkv"
                job_id = client.submit(media.encode(film, output, "medium"))
                outputs[job_id] = output
                due[job_id] = time.monotonic() + random.uniform(0, longest)
                number += 1
            now = time.monotonic()
            for job_id in [job_id for job_id, at in due.items() if at <= now]:
                del due[job_id]
                state = client.ask("GET", f"/jobs/{job_id}")["state"]
                status, answer = client.call("POST", f"/jobs/{job_id}/cancel")
                if status not in (200, 409):
                    raise Broken(f"a cancel was answered {status} {answer}")
                if status == 200:
                    found_as[state] += 1
            event = watcher.next(max(0.0, min(due.values(), default=now + 1) - time.monotonic()))
            if event is None or event.state not in TERMINAL or event.job_id not in outputs:
                continue
            ends[event.state] += 1
            due.pop(event.job_id, None)
            published += look(box, event, outputs.pop(event.job_id))
    if left := processes.descendants(worker.pid):
        raise Broken(f"after all cancels the worker has the processes {left}")
    if left := box.hidden_folders():
        raise Broken(f"after all cancels there are {left}")
    for state, count in sorted(found_as.items()):
        bench.report.figure(f"cancels at random moments, of jobs that were {state}", count)
    bench.report.figure("  jobs that were done first", ends["completed"])
    bench.report.figure("  whole outputs that were in place when the cancel came", published)
    bench.report.figure("  processes, partial files and hidden folders left", 0, goal=0)


def time_of_an_encode(server, film, box):
    """Seconds that SLOTS of them take side by side: a cancel comes within this time."""
    began = time.monotonic()
    with Wire(server.port) as client, Watcher(server.port) as watcher:
        jobs = {client.submit(media.encode(film, box.folder / f"first-{number}.mkv", "medium"))
                for number in range(SLOTS)}
        while jobs:
            event = watcher.until(lambda event: event.job_id in jobs and event.state in TERMINAL, "an encode is done")
            jobs.remove(event.job_id)
    return 1.2 * (time.monotonic() - began)


def look(box, event, output):
    """What is there at the moment in which the job is called done. True when a cancelled job's output is: the cancel
    came between the end of the work and the server's hearing of it."""
    if event.state == "failed":
        raise Broken(f"job {event.job_id} failed: {event.data.get('message')}")
    if left := processes.with_text("cmdline", f".sisyphus-{event.job_id}-"):
        raise Broken(f"job {event.job_id} is {event.state} and has the processes {left}")
    if left := box.hidden_folders(event.job_id):
        raise Broken(f"job {event.job_id} is {event.state} and left {left}")
    if not output.exists():
        if event.state == "completed":
            raise Broken(f"job {event.job_id} is completed and {output} is absent")
        return False
    if media.frames(output) != FILM_SECONDS * media.RATE:
        raise Broken(f"job {event.job_id} is {event.state} and {output} is not whole")
    output.unlink()
    return event.state == "cancelled"
