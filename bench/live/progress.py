"""From the moment in which an encoder writes its progress to a subscriber of the server's events."""

from . import media
from .box import Broken
from .watcher import TERMINAL, Watcher
from .wire import Wire

PERIOD = 0.2  # seconds; that of ffmpeg as our worker runs it (-stats_period)


def run(bench):
    for jobs in (1, bench.sizes.progress_jobs):
        with bench.box() as box:
            of_stamped_blocks(bench, box, jobs)
    with bench.box() as box:
        of_the_real_ffmpeg(bench, box)


def of_stamped_blocks(bench, box, jobs):
    blocks = bench.sizes.progress_blocks
    server = box.server()
    box.worker(server, "--slots", str(jobs), tools=box.fake_ffmpeg(blocks, PERIOD))
    film = media.clip(box.folder / "film.mkv", blocks / media.RATE)
    delays = {}  # by job and frame: the last block comes once more, with the 100 % of its job
    with Wire(server.port) as client, Watcher(server.port) as watcher:
        follow = Followed({client.submit(media.encode(film, box.folder / f"out-{number}.mkv"))
                           for number in range(jobs)}, blocks)
        while follow.running:
            event = watcher.until(follow.concerns, "progress")
            follow.look(event)
            if event.type == "progress" and "elapsed_s" in event.data["progress"]:
                block = event.data["progress"]
                delays.setdefault((event.job_id, block["frame"]), event.at - block["elapsed_s"])
    bench.report.latency(f"a block of progress to a subscriber, {jobs} encoder{'s' if jobs > 1 else ''}",
                         list(delays.values()), 50)
    bench.report.figure("  blocks that were shown", 100 * len(delays) / (jobs * blocks), "%")


class Followed:
    """Jobs of the fake ffmpeg: each must be shown to its last block before it is called completed."""

    def __init__(self, running, blocks):
        self.running = running
        self._blocks = blocks
        self._last = dict.fromkeys(running)

    def concerns(self, event):
        return (event.type == "progress" or event.state in TERMINAL) and event.job_id in self.running

    def look(self, event):
        if event.type == "progress":
            self._last[event.job_id] = event.data["progress"]
            return
        self.running.remove(event.job_id)
        last = self._last[event.job_id]
        if (event.state, last.get("frame"), last.get("percent")) != ("completed", self._blocks, 100):
            raise Broken(f"a job whose last block said frame {self._blocks} of {self._blocks} was {event.state} "
                         f"after {last}")


def of_the_real_ffmpeg(bench, box):
    server = box.server()
    box.worker(server)
    film = media.clip(box.folder / "film.mkv", 10, "1280x720")
    job = media.endless(film, box.folder / "out.mkv")
    argv, seen = media.run_argv(bench.sisyphus, job), []
    with Wire(server.port) as client, Watcher(server.port) as watcher:
        job_id = client.submit(job)
        watcher.encoding(job_id)
        while len(seen) < bench.sizes.progress_blocks:
            seen.append(watcher.until(lambda event: event.type == "progress", "progress").at)
        client.ask("POST", f"/jobs/{job_id}/cancel")
        watcher.state(job_id, "cancelled")
    period, = (float(value) for option, value in zip(argv, argv[1:]) if option == "-stats_period")
    bench.report.figure("the real ffmpeg: -stats_period", period, "s", 0.2)
    bench.report.latency("  from one progress to the next at a subscriber", [b - a for a, b in zip(seen, seen[1:])])
