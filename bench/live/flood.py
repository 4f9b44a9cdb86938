"""Many encoders at once that tell their progress a hundred times a second each."""

import time

from . import media, processes
from .progress import Followed
from .watcher import Watcher
from .wire import Wire

PERIOD = 0.01


def run(bench):
    with bench.box() as box:
        measure(bench, box)


def measure(bench, box):
    jobs, blocks = bench.sizes.flood_jobs, bench.sizes.flood_blocks
    server = box.server()
    worker = box.worker(server, "--slots", str(jobs), tools=box.fake_ffmpeg(blocks, PERIOD))
    film = media.clip(box.folder / "film.mkv", blocks / media.RATE)
    shown = 0
    with Wire(server.port) as client, Watcher(server.port) as watcher:
        documents = [media.encode(film, box.folder / f"out-{number}.mkv") for number in range(jobs)]
        follow = Followed(set(client.ask("POST", "/queue", documents)["job_ids"]), blocks)

        def hear():
            event = watcher.until(follow.concerns, "progress")
            follow.look(event)
            return event

        speaking = set()
        while len(speaking) < jobs:  # the time in which some are still being started is not measured
            event = hear()
            if "frame" in event.data.get("progress", {}):
                speaking.add(event.job_id)
        began = time.monotonic()
        used = [processes.own_cpu(process.pid) for process in (worker, server)]
        resident = processes.memory(worker.pid)
        while len(follow.running) == jobs:
            hear()
            shown += 1
        took = time.monotonic() - began
        cores = [(processes.own_cpu(process.pid) - before) / took
                 for process, before in zip((worker, server), used)]
        grown = processes.memory(worker.pid) - resident
        while follow.running:
            hear()
    bench.report.figure(f"{jobs} encoders, {1 / PERIOD:.0f} blocks/s each: the worker itself", cores[0], "cores", 0.5)
    bench.report.figure("  the server, with one subscriber", cores[1], "cores")
    bench.report.figure("  progress events at the subscriber", shown / took, "/s")
    bench.report.figure("  memory of the worker: the most", processes.memory(worker.pid, "VmHWM") / 2**20, "MiB")
    bench.report.figure(f"  memory that it grew by in {took:.0f} s of this", grown / 2**20, "MiB")
