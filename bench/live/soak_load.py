"""The client of a soak: keeps jobs waiting, cancels and pauses some, and counts how each ended."""

import collections
import random

from .watcher import TERMINAL

BACKLOG = 400
BATCH = 100
CANCELLED, PAUSED = 0.05, 0.02  # of the jobs, roughly


class Load:
    def __init__(self, client, jobs):
        self._client = client
        self._left = jobs  # to submit
        self._open = {}  # submitted and not ended -> None, in that order
        self._paused = collections.deque()
        self.pauses = 0
        self.ends = collections.Counter()

    @property
    def ended(self):
        return sum(self.ends.values())

    @property
    def over(self):
        return self._left == 0 and not self._open

    def submit_more(self):
        while self._left and len(self._open) < BACKLOG:
            count = min(BATCH, self._left)
            job = {"job_title": "brief", "max_attempts": 1000, "tasks": [{"module": "brief", "data": {}}]}
            ids = self._client.ask("POST", "/queue", [job] * count)["job_ids"]
            self._left -= count
            self._open.update(dict.fromkeys(ids))
            for job_id in ids:
                self._disturb(job_id)

    def hear(self, watcher):
        """What there is to hear, and the end of the pauses of others."""
        event = watcher.until(lambda event: event.state in TERMINAL, "a job ends")
        while event is not None:
            if event.state in TERMINAL and event.job_id in self._open:
                del self._open[event.job_id]
                self.ends[event.state] += 1
            event = watcher.next(0)
        while self._paused and (len(self._paused) > 5 or len(self._open) <= len(self._paused)):
            self._client.call("POST", f"/jobs/{self._paused.popleft()}/resume")  # 409: it is done already

    def _disturb(self, newest):
        """`newest` has just come to the queue; those at the front of it are running, or about to."""
        fate = random.random()
        if fate < CANCELLED + PAUSED:
            running = next(iter(self._open))
            victim = random.choice((newest, running))
            verb = "cancel" if fate < CANCELLED else "pause"
            status, _ = self._client.call("POST", f"/jobs/{victim}/{verb}")  # 409: it is done already
            if verb == "pause" and status == 200:
                self.pauses += 1
                self._paused.append(victim)
