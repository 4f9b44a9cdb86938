"""A worker is killed with -9 while eight encoders run, again and again."""

import collections
import os
import signal
import time
import unittest

import settings
from farm import Farm, clip, encoders_of, eventually, film_task, hidden_folders, job_of, probe_media

SLOTS = 8
SECONDS = 3


class WorkerKills(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        self.server = self.farm.server("--lease", "1", "--backoff", "0.5")
        self.jobs = []
        self.lost = collections.Counter()

    def start_worker(self):
        self.worker = self.farm.worker(self.server.url, "--slots", str(SLOTS))

    def submit(self):
        output = self.farm.path(f"film-{len(self.jobs)}.mkv")
        job = job_of(film_task(clip(SECONDS), output), max_attempts=100)
        self.jobs.append((self.server.submit(job), output))

    def in_state(self, state):
        return [job["job_id"] for job in self.server.call("GET", f"/jobs?state={state}&limit=1000").json["jobs"]]

    def of_the_worker(self):
        return [pid for pid in self.farm.descendants() if pid != self.server.pid]

    def frozen_with_all_slots_taken(self):
        """The jobs that run, with the worker held so that none of them ends; empty when there are others."""
        self.worker.signal(signal.SIGSTOP)
        running = self.in_state("running")
        if len(running) == SLOTS and all(encoders_of(job_id) for job_id in running):
            return running
        self.worker.signal(signal.SIGCONT)
        return []

    def kill(self):
        self.lost.update(eventually(self.frozen_with_all_slots_taken, f"{SLOTS} encoders run"))
        folders = hidden_folders(self.farm.folder)
        killed = time.monotonic()
        self.worker.kill()
        eventually(lambda: not self.of_the_worker(), "all processes of the worker have ended")
        took = time.monotonic() - killed
        self.start_worker()
        left = [folder for folder in folders if os.path.exists(folder)]
        self.assertEqual(left, [], "the next start has swept them away")
        return took

    def test_no_process_survives_and_all_jobs_are_done(self):
        self.start_worker()
        slowest = 0.0
        for _ in range(settings.WORKER_KILLS):
            for _ in range(SLOTS):
                self.submit()
            slowest = max(slowest, self.kill())
        for job_id, output in self.jobs:
            job = self.server.wait_state(job_id, "completed")
            outcomes = [attempt["outcome"] for attempt in job["attempts"]]
            self.assertEqual(job["attempt"], self.lost[job_id] + 1)
            self.assertEqual(outcomes.pop(), "completed")
            # Told by the worker's next start, or noticed by the server before.
            self.assertLessEqual(set(outcomes), {"lost", "failed"}, job)
            self.assertEqual(len(outcomes), min(self.lost[job_id], 9))  # ten are listed
            self.assertAlmostEqual(float(probe_media(output)["format"]["duration"]), SECONDS, delta=0.2)
        self.assertEqual(hidden_folders(self.farm.folder), [])
        print(f"{settings.WORKER_KILLS} kills with {SLOTS} encoders each, {len(self.jobs)} jobs done, "
              f"{self.lost.total()} attempts lost; the last process was gone after {slowest:.2f} s", flush=True)
        self.assertLess(slowest, 1.0)


if __name__ == "__main__":
    unittest.main()
