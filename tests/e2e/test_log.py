"""What the tools of a job say: read while it runs, followed to its end, kept when it is over."""

import http.client
import os
import signal
import socket
import unittest

from farm import DEADLINE, Farm, clip, encode_task, endless_task, hang_up, job_of


class Follower:
    """A GET of a log that goes on; use it as a context."""

    def __init__(self, server, job_id, query="follow=1"):
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)
        self._connection.request("GET", f"/jobs/{job_id}/log?{query}")
        self._socket = self._connection.sock
        self.response = self._connection.getresponse()
        if self.response.status != 200:
            raise AssertionError(f"{self.response.status}: {self.response.read()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        hang_up(self._socket)
        self.response.close()
        self._connection.close()

    def read_to(self, text):
        """All up to the line that holds the text."""
        lines = []
        for line in self.response:
            lines.append(line.decode())
            if text in lines[-1]:
                return "".join(lines)
        raise AssertionError(f"{text!r} is not in the log:\n{''.join(lines)}")

    def rest(self):
        return self.response.read().decode()


class LogTest(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        self.server = self.farm.server()

    def output(self, name="film"):
        return self.farm.path(f"{name}.mkv")

    def file_of(self, job_id, worker="worker", attempt=1):
        with open(self.farm.path(f"{worker}-state", "logs", f"{job_id}-{attempt}.log"), encoding="utf-8") as file:
            return file.read()

    def submit(self):
        return self.server.submit(job_of(encode_task(clip(), self.output())))

    def submit_held(self, *tasks):
        """A job that waits for release(), and the worker that will have it, whose control stream is open by then."""
        job_id = self.server.submit(job_of(*tasks))
        self.assertEqual(self.server.call("POST", f"/jobs/{job_id}/pause").status, 200)
        worker = self.farm.worker(self.server.url, "--log-level", "debug")
        worker.wait_log("control_connected")
        return job_id, worker

    def release(self, job_id):
        self.assertEqual(self.server.call("POST", f"/jobs/{job_id}/resume").status, 200)

    def submit_endless(self):
        return self.server.submit(job_of(endless_task(clip(), self.output())))

    def log(self, job_id, query=""):
        return self.server.call("GET", f"/jobs/{job_id}/log{query}")

    def assert_cancelled(self, log):
        self.assertEqual(log.splitlines()[-1], "[sisyphus: the job was cancelled]", log)

    def cancel(self, job_id):
        self.assertEqual(self.server.call("POST", f"/jobs/{job_id}/cancel").status, 200)


class Running(LogTest):
    def test_a_log_is_followed_from_its_first_line_to_the_end_of_the_job(self):
        job_id, worker = self.submit_held(encode_task(clip(), self.output()))
        with Follower(self.server, job_id) as follower:
            self.assertEqual(follower.response.headers["Content-Type"], "text/plain; charset=utf-8")
            self.release(job_id)
            followed = follower.rest()
        self.assertEqual(self.server.wait_state(job_id, "completed")["attempt"], 1)
        self.assertEqual(followed, f"[sisyphus: attempt 1, worker {worker.id}]\n" + self.file_of(job_id))
        self.assertTrue(followed.split("\n")[1].startswith('[task 1 (ffmpeg)] ["/'), followed)
        self.assertIn("libx264", followed)
        self.assertLess(followed.count("frame="), 3, "progress is no log")

    def test_the_last_lines_are_there_while_the_job_runs(self):
        self.farm.worker(self.server.url)
        job_id = self.submit_endless()
        self.server.wait_progress(job_id)
        reply = self.log(job_id)
        self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, "text/plain; charset=utf-8"))
        self.assertTrue(reply.text.startswith("[task 1 (ffmpeg)]"), reply.text)
        two = self.log(job_id, "?lines=2").text
        self.assertEqual(two.count("\n"), 2)
        self.assertTrue(self.file_of(job_id).endswith(two) or reply.text.endswith(two), two)

    def test_one_of_two_followers_goes_away_and_the_other_sees_the_cancel(self):
        self.farm.worker(self.server.url)
        job_id = self.submit_endless()
        self.server.wait_progress(job_id)
        with Follower(self.server, job_id) as first, Follower(self.server, job_id) as second:
            for follower in (first, second):
                follower.read_to("task 1 (ffmpeg)")
            first.__exit__()
            self.cancel(job_id)
            self.assert_cancelled(second.rest())
        self.server.wait_state(job_id, "cancelled")

    def test_the_log_goes_on_with_the_next_attempt_when_the_worker_was_killed(self):
        server = self.server = self.farm.server("--lease", "1", "--backoff", "0.1", data_dir="short")
        first = self.farm.worker(server.url, name="first")
        job_id = self.submit_endless()
        server.wait_progress(job_id)
        with Follower(server, job_id) as follower:
            follower.read_to("task 1 (ffmpeg)")
            first.kill()
            follower.read_to("[sisyphus: the job waits again")
            second = self.farm.worker(server.url, name="second")
            follower.read_to(f"[sisyphus: attempt 2, worker {second.id}]")
            follower.read_to("task 1 (ffmpeg)")
            self.cancel(job_id)
            self.assert_cancelled(follower.rest())

    def test_the_log_goes_on_where_it_was_when_the_worker_is_asked_again(self):
        worker = self.farm.worker(self.server.url)
        job_id = self.submit_endless()
        self.server.wait_progress(job_id)
        with Follower(self.server, job_id) as follower:
            follower.read_to("task 1 (ffmpeg)")
            with socket.create_connection(("127.0.0.1", self.server.port)) as another:  # opens its stream once more
                another.sendall(f"GET /workers/{worker.id}/control HTTP/1.1\r\nHost: h\r\n\r\n".encode())
                another.recv(1)
                self.cancel(job_id)
                self.assert_cancelled(follower.rest())

    def test_a_log_that_the_worker_cannot_write_says_so_and_the_job_goes_on(self):
        job_id, worker = self.submit_held(encode_task(clip(), self.output()))
        folder = self.farm.path("worker-state", "logs")
        os.rmdir(folder)
        with Follower(self.server, job_id) as follower:
            self.release(job_id)
            followed = follower.rest()
        file = f"{folder}/{job_id}-1.log"
        self.assertEqual(followed, f"[sisyphus: attempt 1, worker {worker.id}]\n"
                         f"[... the rest is left out here: cannot open {file}: No such file or directory ...]\n")
        self.server.wait_state(job_id, "completed")
        self.assertIn("libx264", self.log(job_id).text)

    def test_the_end_of_the_server_breaks_the_log_off(self):
        job_id = self.submit()
        with Follower(self.server, job_id) as follower:
            self.assertEqual(self.server.stop(), 0)
            self.assertEqual(follower.response.readline(), b"[sisyphus: the server stops]\n")
            with self.assertRaises(http.client.IncompleteRead):
                follower.rest()


class NotToBeHad(LogTest):
    def test_a_waiting_job_has_none_and_is_waited_for_by_who_follows(self):
        job_id = self.submit()
        reply = self.log(job_id)
        self.assertEqual(reply.status, 409)
        self.assertIn("follow=1", reply.json["detail"])
        with Follower(self.server, job_id) as follower:
            self.cancel(job_id)
            self.assertEqual(follower.rest(), "[sisyphus: the job was cancelled]\n")
        self.assertEqual(self.log(job_id).status, 404, "it never ran")

    def test_the_original_client_sends_none(self):
        job_id = self.submit()
        self.assertEqual(self.server.call("GET", "/queue/poll").json["job_id"], job_id)
        for query in ("", "?follow=1"):
            reply = self.log(job_id, query)
            self.assertEqual(reply.status, 409)
            self.assertIn("original client", reply.json["detail"])

    def test_a_worker_that_does_not_answer_is_named(self):
        worker = self.farm.worker(self.server.url)
        job_id = self.submit_endless()
        self.server.wait_progress(job_id)
        worker.signal(signal.SIGSTOP)
        reply = self.log(job_id, "?follow=1")
        worker.signal(signal.SIGCONT)
        self.assertEqual(reply.status, 504)
        self.assertIn(worker.id, reply.json["detail"])

    def test_bad_requests_are_refused(self):
        job_id = self.submit()
        unknown = "00000000-0000-4000-8000-000000000000"
        self.assertEqual(self.log(unknown).status, 404)
        for query in ("?lines=-1", "?lines=many", "?follow=2"):
            self.assertEqual(self.log(job_id, query).status, 400, query)

    def test_pieces_that_nobody_asked_for_are_refused(self):
        job_id = self.submit()
        target = f"/jobs/{job_id}/log?stream=x&place=0"
        self.assertEqual(self.server.call("POST", target, "text").status, 404)
        self.assertEqual(self.server.call("POST", f"/jobs/{job_id}/log", "text").status, 400)
        self.assertEqual(self.server.call("POST", target + "x", "text").status, 400)
        self.assertEqual(self.server.call("POST", target, "x" * 300_000).status, 413)


class Finished(LogTest):
    def test_what_the_tools_said_stays_with_the_job_and_on_the_worker(self):
        self.farm.worker(self.server.url)
        task = {"module": "cleanup", "data": {"delete": [self.farm.path("none")]}}
        job_id = self.server.submit(job_of(encode_task(clip(), self.output()), task))
        self.server.wait_state(job_id, "completed")
        whole = self.file_of(job_id)
        self.assertIn("libx264", whole)
        self.assertTrue(whole.endswith(f"[task 2 (cleanup)]\n{self.farm.path('none')} is not there: skipped\n"), whole)
        reply = self.log(job_id)
        self.assertEqual(reply.status, 200)
        self.assertTrue(whole.endswith(reply.text), reply.text)
        with Follower(self.server, job_id, "follow=1&lines=1") as follower:
            self.assertEqual(follower.rest(), reply.text.splitlines(keepends=True)[-1])

    def test_a_job_that_failed_keeps_why(self):
        options = {"codec": "libx264", "preset": "none-such"}
        task = encode_task(clip(), self.output(), output_maps=[{"specifier": "v", "stream": 0, "options": options}])
        job_id, _ = self.submit_held(task)
        with Follower(self.server, job_id) as follower:
            self.release(job_id)
            followed = follower.rest()
        self.server.wait_state(job_id, "failed")
        self.assertIn("none-such", self.log(job_id).text)
        self.assertEqual(followed.splitlines()[1:-1], self.file_of(job_id).splitlines())
        self.assertTrue(followed.splitlines()[-1].startswith("[sisyphus: the job failed: task 1 (ffmpeg): "), followed)


class Command(LogTest):
    def follow(self, *flags):
        return self.farm.client("log", "--server", self.server.url, "-f", *flags)

    def test_follows_to_the_end(self):
        job_id = self.submit()
        following = self.follow(job_id[:13])
        self.farm.worker(self.server.url)
        self.assertEqual(following.wait(), 0)
        shown = following.popen.stdout.read().splitlines()
        self.assertEqual(shown[-1], self.file_of(job_id).splitlines()[-1])

    def test_ctrl_c_ends_it_and_leaves_the_job_alone(self):
        self.farm.worker(self.server.url)
        job_id = self.submit_endless()
        self.server.wait_progress(job_id)
        following = self.follow("-n", "3", job_id)
        for _ in range(3):
            self.assertNotEqual(following.popen.stdout.readline(), "")
        following.signal(signal.SIGINT)
        self.assertEqual(following.wait(), 130)
        self.assertEqual(self.server.job(job_id)["state"], "running")

    def test_a_log_that_breaks_off_is_said_to_be_and_has_an_exit_code_of_its_own(self):
        self.farm.worker(self.server.url)
        job_id = self.submit_endless()
        self.server.wait_progress(job_id)
        following = self.follow("-n", "1", job_id)
        self.assertNotEqual(following.popen.stdout.readline(), "")
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(following.wait(), 3)
        self.assertTrue(following.popen.stdout.read().endswith("[sisyphus: the server stops]\n"))
        self.assertTrue(following.has_logged(f"sisyphus: {job_id}: the log broke off and is not whole: .*closed"))

    def test_shows_the_last_lines(self):
        self.farm.worker(self.server.url)
        job_id = self.submit()
        self.server.wait_state(job_id, "completed")
        shown = self.farm.run("log", "--server", self.server.url, "-n", "2", job_id)
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertEqual(shown.stdout, "".join(self.file_of(job_id).splitlines(keepends=True)[-2:]))

    def test_tells_why_there_is_none(self):
        job_id = self.submit()
        refused = self.farm.run("log", "--server", self.server.url, job_id)
        self.assertEqual((refused.returncode, refused.stdout), (2, ""))
        self.assertIn("queued", refused.stderr)


if __name__ == "__main__":
    unittest.main()
