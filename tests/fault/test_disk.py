"""The disk of the journal is full, or can no longer be written, while a real worker encodes."""

import resource
import unittest

from farm import Farm, clip, encoders_of, endless_task, eventually, film_task, job_of, remount, small_disk

LARGE = {"text": "x" * 500_000}
WAITS = {"module": "teleport", "data": {}}


class FullDisk(unittest.TestCase):
    def test_running_jobs_complete_and_jobs_are_taken_again_without_a_restart(self):
        disk = small_disk(self, "7m")
        farm = Farm(self)
        server = farm.server("--segment", "1", "--max-body", "1", data_dir=disk)
        farm.worker(server.url, "--slots", "2")
        film = server.submit(job_of(film_task(clip(4), farm.path("film.mkv"))))
        endless = server.submit(job_of(endless_task(clip(), farm.path("endless.mkv"))))
        server.wait_progress(film)
        server.wait_progress(endless)
        accepted = []
        while (reply := server.call("POST", "/queue", job_of(WAITS, metadata=LARGE))).status == 200:
            accepted.append(reply.json["job_id"])
            self.assertLess(len(accepted), 50)
        self.assertEqual(reply.status, 507, reply.text)
        self.assertIn(disk, reply.json["detail"])
        self.assertEqual(server.call("POST", f"/jobs/{endless}/cancel").status, 200)
        server.wait_state(endless, "cancelled")
        server.wait_state(film, "completed")
        self.assertEqual(server.call("POST", "/queue", job_of(WAITS, metadata=LARGE)).status, 507)
        self.assertEqual(server.call("GET", "/status/health").status, 200)
        remount(disk, "size=64m")
        eventually(lambda: server.call("POST", "/queue", job_of(WAITS)).status == 200, "jobs are taken again")
        server.wait_log("journal_has_room")
        server.kill()
        server = farm.server("--segment", "1", "--max-body", "1", data_dir=disk, port=server.port)
        self.assertEqual(server.job(film)["state"], "completed")
        self.assertEqual(server.job(endless)["state"], "cancelled")
        self.assertEqual(server.call("GET", "/queue").json["entries"], len(accepted) + 1)


class LooseDisk(unittest.TestCase):
    def test_a_server_that_does_not_wait_for_the_disk_says_so(self):
        for mode in ("interval", "never"):
            server = Farm(self).server("--fsync", mode)
            server.wait_log(f"journal_not_synced .*fsync={mode}")
            self.assertEqual(server.call("GET", "/status/config").json["backend"]["fsync"], mode)
            server.stop()


class FailingDisk(unittest.TestCase):
    def test_waiters_learn_that_the_outcome_is_unknown_the_server_exits_1_and_no_work_is_lost(self):
        farm = Farm(self)
        # The limit below is to be an error and no signal: Python ignores SIGXFSZ, and so will the server.
        server = farm.server(restore_signals=False)
        worker = farm.worker(server.url)
        job_id = server.submit(job_of(film_task(clip(3), farm.path("film.mkv"))))
        server.wait_progress(job_id)
        encoders = encoders_of(job_id)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, 0))  # no byte can be written from here on
        reply = server.call("POST", "/queue", job_of(WAITS))
        self.assertEqual(reply.status, 503)
        self.assertIn("the outcome is unknown", reply.json["detail"])
        self.assertEqual(server.wait(), 1)
        server.wait_log("journal_lost error=")
        self.assertEqual(encoders_of(job_id), encoders)
        worker.wait_log(f"outcome_not_sent job_id={job_id}")
        server = farm.server(port=server.port)
        self.assertEqual(server.wait_state(job_id, "completed")["attempt"], 1)


if __name__ == "__main__":
    unittest.main()
