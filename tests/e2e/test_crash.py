"""What stays true when a process is killed, stopped or told to leave, and when its files were damaged."""

import json
import os
import pathlib
import signal
import unittest

from farm import (BINARY, Farm, Process, clip, encode_task, encoders_of, endless_task, eventually, film_task,
                  hidden_folders, job_of, probe_media, processes_where, read_to_end, wait_until_gone)

WAITS = {"module": "teleport", "data": {}}


class CrashTest(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        self.output = self.farm.path("film.mkv")

    def start(self, *server_flags, **worker_options):
        self.server = self.farm.server(*server_flags)
        self.worker = self.farm.worker(self.server.url, **worker_options)

    def submit_film(self, seconds=4, **members):
        """A job that takes as long as its film does."""
        return self.server.submit(job_of(film_task(clip(seconds), self.output), **members))

    def submit_endless(self, *more_tasks, **members):
        return self.server.submit(job_of(endless_task(clip(), self.output), *more_tasks, **members))

    def running_encoder(self, job_id):
        self.server.wait_progress(job_id)
        encoders = encoders_of(job_id)
        self.assertEqual(len(encoders), 1)
        return encoders[0]

    def restart_server(self, *flags):
        self.server = self.farm.server(*flags, port=self.server.port)

    def assert_film(self, seconds=4):
        self.assertAlmostEqual(float(probe_media(self.output)["format"]["duration"]), seconds, delta=0.2)
        self.assertEqual(hidden_folders(self.farm.folder), [])

    def wait_queued_again(self, job_id, attempt):
        with self.server.events(f"/jobs/{job_id}/events") as events:
            return events.wait(lambda event: event.type == "state" and event.data["state"] == "queued" and
                               event.data["attempt"] == attempt, f"queued again after attempt {attempt}").data

    def start_refused(self, *arguments):
        process = Process([BINARY, *arguments], self.farm.path("refused.log"), env=self.farm.environment())
        self.assertEqual(process.wait(), 1, process.lines)
        return "\n".join(process.lines)


class ServerKilled(CrashTest):
    def test_a_running_job_goes_on_and_completes_once(self):
        self.start("--lease", "2")
        job_id = self.submit_film()
        encoder = self.running_encoder(job_id)
        self.server.kill()
        self.restart_server("--lease", "2")
        job = self.server.job(job_id)
        self.assertEqual((job["state"], job["attempt"], job["worker_id"]), ("running", 1, self.worker.id))
        self.assertEqual(encoders_of(job_id), [encoder])
        job = self.server.wait_state(job_id, "completed")
        self.assertEqual(job["attempt"], 1)
        self.assert_film()
        started = [line for line in self.worker.lines if f"job_started job_id={job_id}" in line]
        self.assertEqual(len(started), 1)

    def test_an_outcome_waits_for_the_server_to_come_back(self):
        self.start()
        job_id = self.submit_film(2)
        self.running_encoder(job_id)
        self.server.kill()
        self.worker.wait_log(f"outcome_not_sent job_id={job_id}")
        self.restart_server()
        self.server.wait_state(job_id, "completed")
        self.assert_film(2)

    def test_every_acknowledged_change_is_there_again(self):
        self.server = self.farm.server()
        ids = [self.server.submit(job_of(WAITS, title=f"job {number}", metadata={"n": 19.0})) for number in range(20)]
        self.server.call("POST", f"/jobs/{ids[0]}/cancel")
        self.server.call("POST", f"/jobs/{ids[1]}/pause")
        self.server.call("DELETE", f"/jobs/{ids[2]}")
        self.server.call("POST", "/data/ffmpeg/small", {"options": {"crf": 19}})
        self.server.call("PATCH", "/queue", {"disabled": True})
        self.server.call("PATCH", "/workers/w", {"disabled": True})
        texts = {job_id: self.server.call("GET", f"/jobs/{job_id}").text for job_id in ids}
        queue = self.server.call("GET", "/queue").text
        self.server.kill()
        self.restart_server()
        self.assertEqual({job_id: self.server.call("GET", f"/jobs/{job_id}").text for job_id in ids}, texts)
        self.assertEqual(self.server.call("GET", "/queue").text, queue)
        self.assertEqual(self.server.call("GET", "/data/ffmpeg/small").json["options"], {"crf": 19})
        self.server.call("POST", "/workers/w", {"status": "idle", "online_at": "x", "hostname": "h", "version": "1"})
        self.assertEqual(self.server.call("GET", "/workers/w").json["attributes"], {"disabled": True})

    def test_a_token_from_before_the_crash_still_completes_its_job(self):
        self.server = self.farm.server()
        job_id = self.server.submit(job_of(WAITS))
        token = self.server.call("GET", "/queue/poll?worker_id=w").json["jobs"][0]["lease"]["token"]
        self.server.kill()
        self.restart_server()
        completed = {"failed": False, "info": {}, "lease": token}
        for _ in range(2):
            self.assertEqual(self.server.call("PATCH", f"/jobs/{job_id}/completed", completed).status, 204)
        again = self.server.submit(job_of(WAITS))
        fresh = self.server.call("GET", "/queue/poll?worker_id=w").json["jobs"][0]
        self.assertEqual(fresh["job_id"], again)
        self.assertNotEqual(fresh["lease"]["token"], token)
        stale = self.server.call("PATCH", f"/jobs/{again}/completed", completed)
        self.assertEqual(stale.status, 409)
        self.assertEqual(self.server.job(again)["state"], "running")


class WorkerKilled(CrashTest):
    def test_no_encoder_survives_and_the_job_completes_on_a_second_attempt(self):
        self.start("--lease", "1")
        job_id = self.submit_film()
        encoder = self.running_encoder(job_id)
        self.worker.kill()
        wait_until_gone(encoder)
        eventually(lambda: not processes_where("cmdline", job_id), "the guard is gone too")
        self.assertEqual(len(hidden_folders(self.farm.folder)), 1)
        self.assertIn("worker", self.wait_queued_again(job_id, attempt=1)["message"])
        self.worker = self.farm.worker(self.server.url)
        self.worker.wait_log(f"swept job_id={job_id} folder=")
        self.assertEqual(hidden_folders(self.farm.folder), [])
        job = self.server.wait_state(job_id, "completed")
        self.assertEqual(job["attempt"], 2)
        self.assert_film()

    def test_its_next_start_tells_the_server_which_need_not_wait_for_the_lease(self):
        self.start("--backoff", "0.1")
        job_id = self.submit_film(2)
        encoder = self.running_encoder(job_id)
        self.worker.kill()
        wait_until_gone(encoder)
        self.worker = self.farm.worker(self.server.url)
        self.worker.wait_log(f"abandoned_job_told job_id={job_id}")
        job = self.server.wait_state(job_id, "completed")
        self.assertEqual([attempt["outcome"] for attempt in job["attempts"]], ["failed", "completed"])
        self.assertIn("ended without notice", job["attempts"][0]["reason"])
        self.assert_film(2)

    def test_a_failed_job_says_which_attempt_failed_how(self):
        self.start("--backoff", "0.1")
        job_id = self.submit_endless(max_attempts=2)
        for attempt in (1, 2):
            self.worker.wait_log(f"job_started job_id={job_id} attempt={attempt}")
            os.kill(self.running_encoder(job_id), signal.SIGSEGV)
            self.worker.wait_log(f"job_ended job_id={job_id} attempt={attempt}")
        attempts = self.server.wait_state(job_id, "failed")["attempts"]
        self.assertEqual([(attempt["attempt"], attempt["outcome"]) for attempt in attempts],
                         [(1, "failed"), (2, "failed")])
        for attempt in attempts:
            self.assertIn("signal 11", attempt["reason"])
            self.assertLess(attempt["started_at"], attempt["ended_at"])
        dead = self.farm.run("list", "--state", "failed", "--server", self.server.url, "--json").stdout
        self.assertIn(job_id, dead)
        shown = self.farm.run("show", job_id, "--server", self.server.url).stdout
        self.assertRegex(shown, r"(?m)^attempt 1 +failed by worker .*signal 11")

    def test_the_last_attempt_fails_for_good(self):
        self.start("--lease", "1")
        job_id = self.submit_endless(max_attempts=1)
        encoder = self.running_encoder(job_id)
        self.worker.kill()
        wait_until_gone(encoder)
        job = self.server.wait_state(job_id, "failed")
        self.assertTrue(job["message"])
        self.assertEqual(job["attempt"], 1)

    def test_a_cancel_that_it_never_heard_of_is_confirmed_by_the_end_of_its_lease(self):
        self.start("--lease", "1")
        job_id = self.submit_endless()
        encoder = self.running_encoder(job_id)
        self.worker.kill()
        self.assertEqual(self.server.call("POST", f"/jobs/{job_id}/cancel").json["state"], "cancelling")
        wait_until_gone(encoder)
        self.server.wait_state(job_id, "cancelled")

    def test_its_paused_job_is_held_until_a_person_resumes_it(self):
        self.start("--lease", "1")
        job_id = self.submit_film()
        encoder = self.running_encoder(job_id)
        self.server.call("POST", f"/jobs/{job_id}/pause")
        self.worker.kill()
        wait_until_gone(encoder)
        with self.server.events(f"/jobs/{job_id}/events") as events:
            events.wait(lambda event: event.data["state"] == "paused" and "worker_id" not in event.data, "held")
        self.farm.worker(self.server.url)
        self.assertEqual(self.server.call("POST", f"/jobs/{job_id}/resume").json["state"], "queued")
        self.assertEqual(self.server.wait_state(job_id, "completed")["attempt"], 2)

    def test_a_job_that_may_have_moved_files_waits_for_a_person(self):
        self.server = self.farm.server("--lease", "1")
        job_id = self.server.submit(job_of(WAITS))
        token = self.server.call("GET", "/queue/poll?worker_id=w").json["jobs"][0]["lease"]["token"]
        marked = self.server.call("POST", f"/jobs/{job_id}/irreversible", {"lease": token})
        self.assertEqual(marked.status, 204)
        self.assertTrue(self.server.wait_state(job_id, "paused")["message"])
        self.assertEqual(self.server.call("GET", "/queue/poll?worker_id=other").json, {"jobs": []})
        self.assertEqual(self.server.call("POST", f"/jobs/{job_id}/retry").json["state"], "queued")

    def test_an_encoder_that_crashes_is_a_failed_attempt_and_the_worker_goes_on(self):
        self.start()
        job_id = self.submit_endless()
        os.kill(self.running_encoder(job_id), signal.SIGSEGV)
        self.assertIn("signal 11", self.wait_queued_again(job_id, attempt=1)["message"])
        self.assertEqual(hidden_folders(self.farm.folder), [])
        other = self.server.submit(job_of(encode_task(clip(), self.farm.path("other.mkv"))))
        self.server.wait_state(other, "completed")


class WorkerCutOff(CrashTest):
    def test_it_is_given_its_job_back_when_nobody_else_has_it(self):
        self.start("--lease", "1")
        job_id = self.submit_film()
        encoder = self.running_encoder(job_id)
        self.worker.signal(signal.SIGSTOP)
        self.wait_queued_again(job_id, attempt=1)
        self.assertEqual(encoders_of(job_id), [encoder])
        self.worker.signal(signal.SIGCONT)
        self.worker.wait_log(f"job_adopted_again job_id={job_id}")
        self.assertEqual(self.server.wait_state(job_id, "completed")["attempt"], 1)
        self.assert_film()

    def test_a_job_that_is_granted_to_its_own_worker_again_goes_on_there(self):
        self.server = self.farm.server("--lease", "1", "--backoff", "0.1")
        self.worker = self.farm.worker(self.server.url, "--slots", "2")  # one waits for another job
        job_id = self.submit_film(8)
        encoder = self.running_encoder(job_id)
        self.worker.signal(signal.SIGSTOP)
        with self.server.events(f"/jobs/{job_id}/events") as events:
            events.wait(lambda event: event.type == "state" and
                        (event.data["state"], event.data["attempt"]) == ("running", 2), "granted again")
        self.worker.signal(signal.SIGCONT)
        self.worker.wait_log(f"job_came_back job_id={job_id} attempt=2")
        self.assertEqual(encoders_of(job_id), [encoder])
        self.assertEqual(self.server.wait_state(job_id, "completed")["attempt"], 2)
        self.assert_film(8)
        self.assertEqual(len([line for line in self.worker.lines if f"job_started job_id={job_id}" in line]), 1)

    def test_it_is_told_to_stop_when_another_has_its_job(self):
        self.start("--lease", "1")
        job_id = self.submit_film(8)
        encoder = self.running_encoder(job_id)
        self.worker.signal(signal.SIGSTOP)
        self.wait_queued_again(job_id, attempt=1)
        other = self.farm.worker(self.server.url, name="other")
        other.wait_log(f"job_started job_id={job_id} attempt=2")
        self.worker.signal(signal.SIGCONT)
        self.worker.wait_log(f"job_taken_away job_id={job_id}")
        wait_until_gone(encoder)
        job = self.server.wait_state(job_id, "completed")
        self.assertEqual((job["attempt"], job["hostname"]), (2, "other"))
        self.assert_film(8)


class PollerGone(CrashTest):
    def setUp(self):
        super().setUp()
        self.server = self.farm.server()

    def park(self, connection, worker):
        path = f"/queue/poll?worker_id={worker}&wait=60&modules=teleport"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        self.server.call("GET", "/status/health")  # made and answered later: the poll is parked by then

    def test_a_job_that_is_ready_is_not_given_to_a_worker_that_went_right_after_it_had_asked(self):
        job_id = self.server.submit(job_of(WAITS))
        self.server.signal(signal.SIGSTOP)  # so that it finds the question and the end together
        with self.server.connect() as gone:
            gone.sendall(b"GET /queue/poll?worker_id=gone&wait=60 HTTP/1.1\r\nHost: x\r\n\r\n")
        self.server.signal(signal.SIGCONT)
        self.server.wait_log(f"grant_undelivered job_id={job_id}")
        job = self.server.wait_state(job_id, "queued")
        self.assertEqual((job["attempt"], job.get("attempts")), (0, None))

    def test_a_job_is_not_given_to_a_poll_whose_worker_has_gone(self):
        with self.server.connect() as gone:
            self.park(gone, "gone")
        with self.server.connect() as there:
            self.park(there, "there")
            job_id = self.server.submit(job_of(WAITS))
            self.assertIn(job_id, read_to_end(there).decode())
        job = self.server.job(job_id)
        self.assertEqual((job["worker_id"], job["attempt"]), ("there", 1))

    def test_one_job_goes_to_one_of_many_that_wait_for_it(self):
        waiting = [self.server.connect() for _ in range(10)]
        for number, connection in enumerate(waiting):
            self.addCleanup(connection.close)
            self.park(connection, f"w{number}")
        ids = {self.server.submit(job_of(WAITS)) for _ in range(10)}
        granted = [json.loads(read_to_end(connection).partition(b"\r\n\r\n")[2])["jobs"] for connection in waiting]
        self.assertEqual([len(jobs) for jobs in granted], [1] * 10)
        self.assertEqual({jobs[0]["job_id"] for jobs in granted}, ids)
        tokens = [jobs[0]["lease"]["token"] for jobs in granted]
        self.assertEqual(len(set(tokens)), 10)


class WorkerToldToLeave(CrashTest):
    def test_sigterm_hands_the_job_back_uncounted_and_exits_0(self):
        self.start()
        job_id = self.submit_film()
        encoder = self.running_encoder(job_id)
        self.assertEqual(self.worker.stop(), 0)
        wait_until_gone(encoder)
        job = self.server.job(job_id)
        self.assertEqual((job["state"], job["attempt"]), ("queued", 0))
        self.assertIn("worker", job["message"])
        self.assertEqual(hidden_folders(self.farm.folder), [])
        self.assertEqual(self.server.call("GET", "/workers").json["count"], 0)
        self.farm.worker(self.server.url, name="other")
        job = self.server.wait_state(job_id, "completed")
        self.assertEqual((job["attempt"], job["hostname"]), (1, "other"))
        self.assert_film()

    def test_ctrl_c_does_the_same_to_an_idle_one(self):
        self.start()
        self.worker.signal(signal.SIGINT)
        self.assertEqual(self.worker.wait(), 0)

    def test_a_paused_job_does_not_keep_it(self):
        self.start()
        job_id = self.submit_endless()
        encoder = self.running_encoder(job_id)
        self.server.call("POST", f"/jobs/{job_id}/pause")
        self.assertEqual(self.worker.stop(), 0)
        wait_until_gone(encoder)
        self.assertEqual(self.server.job(job_id)["state"], "paused")

    def test_a_second_signal_ends_it_at_once_and_no_encoder_survives(self):
        self.start()
        job_id = self.submit_endless()
        encoder = self.running_encoder(job_id)
        self.server.kill()
        self.worker.signal(signal.SIGTERM)
        self.worker.wait_log("outcome_not_sent")
        self.worker.signal(signal.SIGTERM)
        self.assertEqual(self.worker.wait(), 1)
        self.worker.wait_log("worker_killed signal=15")
        wait_until_gone(encoder)

    def test_sigusr1_finishes_what_runs_and_takes_nothing_new(self):
        self.start()
        job_id = self.submit_film()
        self.running_encoder(job_id)
        waiting = self.server.submit(job_of(encode_task(clip(), self.farm.path("other.mkv"))))
        self.worker.signal(signal.SIGUSR1)
        self.assertEqual(self.worker.wait(), 0)
        self.assertEqual(self.server.job(job_id)["state"], "completed")
        self.assertEqual((self.server.job(waiting)["state"], self.server.job(waiting)["attempt"]), ("queued", 0))
        self.assert_film()


class ServerToldToLeave(CrashTest):
    def test_sigterm_ends_streams_and_parked_polls_and_exits_0(self):
        self.server = self.farm.server()
        with self.server.events() as events, self.server.connect() as parked:
            parked.sendall(b"GET /queue/poll?worker_id=w&wait=60&modules=ffmpeg HTTP/1.1\r\nHost: x\r\n\r\n")
            # A connection made and answered later: by then the poll was read and is parked.
            self.server.call("GET", "/status/health")
            self.assertEqual(self.server.stop(), 0)
            events.wait_end()
            reply = read_to_end(parked).decode()
        self.assertTrue(reply.startswith("HTTP/1.1 200 OK"), reply)
        self.assertTrue(reply.endswith('{"jobs":[]}'), reply)
        self.server.wait_log("server_stopped")

    def test_a_stopped_server_leaves_no_tail_to_repair(self):
        self.server = self.farm.server()
        self.server.submit(job_of(WAITS))
        self.server.stop()
        self.restart_server()
        self.assertFalse(self.server.has_logged("journal_torn_tail"))
        self.assertEqual(self.server.call("GET", "/queue").json["entries"], 1)


class Files(CrashTest):
    def journal(self):
        return max(pathlib.Path(self.farm.path("data")).glob("journal-*.log"))

    def test_a_torn_tail_is_cut_kept_beside_and_told(self):
        self.server = self.farm.server()
        job_id = self.server.submit(job_of(WAITS))
        self.server.kill()
        journal = self.journal()
        written = len(journal.read_bytes().rstrip(b"\0"))
        with open(journal, "r+b") as file:
            file.seek(written + 4)
            file.write(b"half a batch of nobody")
        self.restart_server()
        told = self.server.wait_log(r"journal_torn_tail .*kept in (\S*journal-\d+\.log\.torn-\d+)")
        kept = pathlib.Path(self.farm.path("data"), os.path.basename(told.group(1)))
        self.assertIn(b"half a batch of nobody", kept.read_bytes())
        self.assertEqual(self.server.job(job_id)["state"], "queued")
        second = self.server.submit(job_of(WAITS))
        self.server.kill()
        self.restart_server()
        self.assertEqual([job["job_id"] for job in self.server.call("GET", "/queue").json["queue"]], [job_id, second])

    def test_damage_in_the_middle_is_refused_with_file_and_offset_and_nothing_is_changed(self):
        self.server = self.farm.server()
        for title in ("first", "second", "third"):
            self.server.submit(job_of(WAITS, title=title))
        self.server.stop()
        journal = self.journal()
        content = journal.read_bytes().replace(b'"first"', b'"fIrst"')
        journal.write_bytes(content)
        told = self.start_refused("server", "--listen", "127.0.0.1:0", "--data-dir", self.farm.path("data"))
        self.assertRegex(told, rf"{journal.name} is damaged at byte \d+")
        self.assertEqual(journal.read_bytes(), content)

    def test_a_second_server_on_one_folder_is_refused(self):
        self.server = self.farm.server()
        told = self.start_refused("server", "--listen", "127.0.0.1:0", "--data-dir", self.farm.path("data"))
        self.assertIn(self.farm.path("data"), told)
        self.assertEqual(self.server.call("GET", "/status/health").status, 200)

    def test_a_port_that_is_taken_is_named(self):
        self.server = self.farm.server()
        address = f"127.0.0.1:{self.server.port}"
        self.assertIn(address, self.start_refused("server", "--listen", address, "--data-dir", self.farm.path("other")))

    def test_a_second_worker_on_one_state_folder_is_refused(self):
        self.start()
        told = self.start_refused("worker", "--server", self.server.url, "--state-dir", self.farm.path("worker-state"))
        self.assertIn(self.farm.path("worker-state"), told)

    def test_a_worker_keeps_its_id_over_a_restart(self):
        self.start()
        first = self.worker.id
        self.worker.stop()
        self.assertEqual(self.farm.worker(self.server.url).id, first)


if __name__ == "__main__":
    unittest.main()
