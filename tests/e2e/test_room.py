"""Jobs and full disks: what a worker with --min-free-gb does not start."""

import os
import unittest

from farm import Farm, clip, encode_task, job_of, mount_privately, remount, small_disk

mount_privately()

ROOM = ("--min-free-gb", "0.02")


class JobsForAFullDisk(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        self.server = self.farm.server("--backoff", "0.5")
        self.disk = small_disk(self, "8m")

    def submit(self, output="out.mkv", **members):
        return self.server.submit(job_of(encode_task(clip(), os.path.join(self.disk, output)), **members))

    def test_wait_with_the_reason_and_run_when_room_is_made(self):
        worker = self.farm.worker(self.server.url, *ROOM)
        job_id = self.submit(max_attempts=1)
        worker.wait_log(f"job_ended job_id={job_id} .*outcome=stopped", count=2)  # it was offered again
        shown = self.farm.run("show", job_id, "--server", self.server.url)
        self.assertRegex(shown.stdout, rf"(?m)^message +worker worker \(.*\) has no room: {self.disk} has 0.008\d* GB "
                                       r"free, less than its --min-free-gb, 0.02$")
        remount(self.disk, "size=64m")
        job = self.server.wait_state(job_id, "completed")
        self.assertEqual(job["attempt"], 1)
        self.assertEqual([attempt["outcome"] for attempt in job["attempts"]][-2:], ["handed_back", "completed"])

    def test_go_to_a_worker_that_may_use_what_is_left(self):
        picky = self.farm.worker(self.server.url, *ROOM, name="picky")
        job_id = self.submit()
        picky.wait_log(f"job_ended job_id={job_id} .*outcome=stopped")
        self.farm.worker(self.server.url, name="modest")
        job = self.server.wait_state(job_id, "completed")
        self.assertEqual((job["hostname"], job["attempt"]), ("modest", 1))
        self.assertTrue(os.path.exists(os.path.join(self.disk, "out.mkv")))

    def test_do_not_keep_those_for_other_disks_from_running(self):
        self.farm.worker(self.server.url, *ROOM)
        full = self.submit()
        other = self.server.submit(job_of(encode_task(clip(), self.farm.path("out.mkv"))))
        self.server.wait_state(other, "completed")
        job = self.server.wait_state(full, "queued")  # it may just be with the worker again
        self.assertEqual(job["attempt"], 0)
        self.assertEqual({attempt["outcome"] for attempt in job["attempts"]}, {"handed_back"})


if __name__ == "__main__":
    unittest.main()
