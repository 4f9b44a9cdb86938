"""A worker and its server lose sight of each other: no hour of encoding is lost, and nothing runs twice to its end."""

import os
import unittest

from farm import (Farm, clip, encode_task, encoders_of, endless_task, eventually, film_task, hidden_folders, job_of,
                  probe_media, wait_until_gone)
from proxy import Proxy



class Partition(unittest.TestCase):
    def start(self, backoff="60"):
        self.farm = Farm(self)
        self.output = self.farm.path("film.mkv")
        self.server = self.farm.server("--lease", "1", "--backoff", backoff)
        self.proxy = self.enterContext(Proxy(self.server.port))
        self.worker = self.farm.worker(self.proxy.url)

    def submit_film(self, seconds=4):
        return self.server.submit(job_of(film_task(clip(seconds), self.output)))

    def running_encoder(self, job_id):
        self.server.wait_progress(job_id)
        return encoders_of(job_id)[0]

    def wait_lost(self, job_id):
        with self.server.events(f"/jobs/{job_id}/events") as events:
            events.wait(lambda event: event.type == "state" and "lease lost" in event.data.get("message", ""),
                        f"the lease of {job_id} is lost")

    def cut_until_the_lease_is_lost(self, job_id, mode):
        encoder = self.running_encoder(job_id)
        self.proxy.set(mode)
        self.wait_lost(job_id)
        self.assertEqual(encoders_of(job_id), [encoder])
        return encoder

    def assert_one_attempt(self, job_id, seconds=4):
        job = self.server.wait_state(job_id, "completed")
        self.assertEqual([(attempt["attempt"], attempt["outcome"]) for attempt in job["attempts"]], [(1, "completed")])
        self.assertEqual(job["attempt"], 1)
        started = [line for line in self.worker.lines if f"job_started job_id={job_id}" in line]
        self.assertEqual(len(started), 1)
        self.assertAlmostEqual(float(probe_media(self.output)["format"]["duration"]), seconds, delta=0.2)
        self.assertEqual(hidden_folders(self.farm.folder), [])

    def encode_past_the_end_while_cut_off(self, mode):
        self.start()
        job_id = self.submit_film()
        encoder = self.cut_until_the_lease_is_lost(job_id, mode)
        wait_until_gone(encoder)
        self.worker.wait_log(f"lease_lost job_id={job_id} attempt=1 waiting for the server")
        self.assertFalse(os.path.exists(self.output))  # nothing is renamed without a live lease (I8)
        self.assertEqual(len(hidden_folders(self.farm.folder)), 1)
        self.proxy.set("pass")
        self.worker.wait_log(f"job_adopted_again job_id={job_id} attempt=1")
        self.assert_one_attempt(job_id)

    def test_what_was_encoded_while_no_byte_came_through_counts(self):
        self.encode_past_the_end_while_cut_off("hold")

    def test_what_was_encoded_while_connections_were_reset_counts(self):
        self.encode_past_the_end_while_cut_off("reset")

    def test_what_was_encoded_while_connections_were_half_open_counts(self):
        self.encode_past_the_end_while_cut_off("half-open")

    def test_a_slow_wire_changes_nothing(self):
        self.start()
        self.proxy.set("pass", delay=0.1)
        job_id = self.submit_film(2)
        self.assert_one_attempt(job_id, 2)

    def test_a_wire_that_breaks_again_and_again_changes_nothing(self):
        self.start()
        job_id = self.submit_film()
        self.running_encoder(job_id)
        for _ in range(20):
            heard = self.server.call("GET", f"/jobs/{job_id}").json.get("progress")
            self.proxy.set("reset")
            self.proxy.set("pass")
            eventually(lambda before=heard: self.server.job(job_id).get("progress") != before, "it is heard again")
            if self.server.job(job_id)["state"] != "running":
                break
        self.assert_one_attempt(job_id)

    def test_an_outcome_whose_answer_is_lost_is_told_again_and_is_one(self):
        self.start()
        self.proxy.set("swallow", request=b"/completed")
        job_id = self.submit_film(2)
        self.worker.wait_log(f"outcome_not_sent job_id={job_id}", count=2)
        self.assertEqual(self.server.job(job_id)["state"], "completed")
        self.proxy.set("pass")
        self.assert_one_attempt(job_id, 2)
        other = self.server.submit(job_of(encode_task(clip(), self.farm.path("other.mkv"))))
        self.server.wait_state(other, "completed")  # the slot is free again

    def test_a_grant_that_never_arrived_is_a_lost_attempt_and_the_job_is_done_all_the_same(self):
        self.start(backoff="0.2")
        self.proxy.set("swallow", request=b"GET /queue/poll")
        job_id = self.submit_film(2)
        self.wait_lost(job_id)
        self.proxy.set("pass")
        job = self.server.wait_state(job_id, "completed")
        outcomes = [attempt["outcome"] for attempt in job["attempts"]]
        self.assertEqual((outcomes[0], outcomes[-1]), ("lost", "completed"))

    def test_nothing_is_moved_before_the_server_has_noted_that_it_cannot_be_undone(self):
        self.start()
        source = self.farm.write("source.mkv", "precious")
        target = self.farm.path("target.mkv")
        self.proxy.set("swallow", request=b"/irreversible")
        job_id = self.server.submit(job_of({"module": "cleanup",
                                            "data": {"move": [{"source": source, "destination": target}]}}))
        eventually(lambda: self.proxy.swallowed >= 2, "the server was asked more than once")
        self.assertFalse(os.path.exists(target))
        self.worker.kill()  # it never knew that the server had noted it
        self.wait_lost(job_id)
        self.assertEqual(self.server.job(job_id)["state"], "paused")
        self.assertEqual(self.server.call("GET", "/queue/poll?worker_id=other&modules=cleanup").json, {"jobs": []})
        self.proxy.set("pass")
        self.farm.worker(self.proxy.url)
        self.assertEqual(self.server.call("POST", f"/jobs/{job_id}/retry").json["state"], "queued")
        self.server.wait_state(job_id, "completed")
        self.assertTrue(os.path.exists(target))

    def test_when_another_has_its_job_it_is_told_to_stop_and_its_output_is_thrown_away(self):
        self.start(backoff="0.2")
        job_id = self.submit_film(8)
        encoder = self.cut_until_the_lease_is_lost(job_id, "hold")
        other = self.farm.worker(self.server.url, name="other")
        other.wait_log(f"job_started job_id={job_id} attempt=2")
        self.proxy.set("pass")
        self.worker.wait_log(f"job_taken_away job_id={job_id}")
        wait_until_gone(encoder)
        job = self.server.wait_state(job_id, "completed")
        self.assertEqual([(attempt["outcome"], attempt["worker_id"]) for attempt in job["attempts"]],
                         [("lost", self.worker.id), ("completed", other.id)])
        eventually(lambda: not hidden_folders(self.farm.folder), "its folder is removed")
        self.assertAlmostEqual(float(probe_media(self.output)["format"]["duration"]), 8, delta=0.2)

    def test_when_its_job_was_cancelled_meanwhile_it_stops_and_nothing_is_left(self):
        self.start()
        job_id = self.server.submit(job_of(endless_task(clip(), self.output)))
        encoder = self.running_encoder(job_id)
        self.proxy.set("hold")
        self.assertEqual(self.server.call("POST", f"/jobs/{job_id}/cancel").json["state"], "cancelling")
        self.server.wait_state(job_id, "cancelled")  # its lease is over
        self.proxy.set("pass")
        wait_until_gone(encoder)
        eventually(lambda: not hidden_folders(self.farm.folder), "its folder is removed")
        self.assertFalse(os.path.exists(self.output))
        self.assertEqual(self.server.job(job_id)["state"], "cancelled")


if __name__ == "__main__":
    unittest.main()
