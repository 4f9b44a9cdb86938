"""The same encode bare, and as a job: A B B A, what the box adds."""

import os
import pathlib
import statistics
import subprocess
import time

from . import media, processes
from .watcher import Watcher
from .wire import Wire


def run(bench):
    with bench.box() as box:
        compare(bench, box)


def compare(bench, box):
    film = media.clip(box.folder / "film.mkv", bench.sizes.pair_seconds, "960x540")
    job = media.encode(film, box.folder / "out.mkv", "medium")
    argv = media.run_argv(bench.sisyphus, job)
    server = box.server()
    worker = box.worker(server)
    pairs = []
    with Wire(server.port) as client, Watcher(server.port) as watcher:
        def boxed():
            return as_a_job(client, watcher, worker, job)

        boxed(), bare(box, argv)  # what is read once is in memory from here on
        for number in range(bench.sizes.pairs):
            if number % 2:
                with_box = boxed()
                pairs.append((bare(box, argv), with_box))
            else:
                without = bare(box, argv)
                pairs.append((without, boxed()))
    report(bench, pairs)


def bare(box, argv):
    """Seconds on the clock from the start to the end, and of processor."""
    staged = pathlib.Path(argv[-1].removeprefix("file:"))
    staged.parent.mkdir(exist_ok=True)
    began = time.monotonic()
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               cwd=box.folder, env=box.environment())
    _, status, used = os.wait4(process.pid, 0)
    took = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, argv)
    staged.unlink()
    staged.parent.rmdir()
    return took, used.ru_utime + used.ru_stime


def as_a_job(client, watcher, worker, job):
    """The same from the submit to `completed` at a subscriber; processor of the worker, its guard and the encoder."""
    used = processes.tree_cpu(worker.pid)
    began = time.monotonic()
    job_id = client.submit(job)
    ended = watcher.state(job_id, "completed")
    os.unlink(job["tasks"][0]["data"]["output_file"])
    return ended.at - began, processes.tree_cpu(worker.pid) - used


def report(bench, pairs):
    def median(column):
        return statistics.median(column)

    bench.report.figure(f"bare encode, median of {len(pairs)}", median(without[0] for without, _ in pairs), "s")
    for index, name in enumerate(("time: submit to `completed`", "processor: worker, guard and encoder")):
        ratios = [with_box[index] / without[index] for without, with_box in pairs]
        bench.report.figure(f"{name}, of the bare one's, median of pairs", median(ratios), "", 1.01)
        if len(ratios) > 1:
            low, _, high = statistics.quantiles(ratios, n=4)
            bench.report.figure("  quarter to three quarters of the pairs: from", low)
            bench.report.figure("  to", high)
        added = median(with_box[index] - without[index] for without, with_box in pairs)
        bench.report.figure("  added, median", 1000 * added, "ms")
