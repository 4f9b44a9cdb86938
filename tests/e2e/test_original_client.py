"""The two halves of the original beside ours: its client against our server, its server against our worker."""

import datetime
import html
import http.server
import json
import os
import threading
import unittest
import uuid

from farm import Farm, clip, encode_task, eventually, hidden_folders, job_of, probe_media

WORKER = "0f0d9a5e-6c0e-4a52-9e0f-6a2b1c3d4e5f"
HEARTBEAT_FIELDS = {"status", "online_at", "hostname", "version", "task", "job_id", "job_title", "progress", "info"}


class OriginalClient:
    """What the original client sends, in its order. Time is the test's business: each step is a call."""

    def __init__(self, server, worker_id=WORKER):
        self.server = server
        self.id = worker_id
        self.started = None
        self.message = self._status("startup")

    def _status(self, status, **members):
        return {"status": status, "hostname": "original", "version": "1.5.1", "online_at": str(self.started)} | members

    def beat(self):
        reply = self.server.call("POST", f"/workers/{self.id}", self.message)
        if self.started is None:
            self.started = datetime.datetime.now(datetime.timezone.utc)
        return reply

    def be_idle(self):
        self.message = self._status("idle")

    def poll(self):
        """One round of its loop: the job, or why there is none."""
        queue = self.server.call("GET", "/queue").json
        if queue["attributes"]["disabled"]:
            return "queue disabled"
        me = self.server.call("GET", f"/workers/{self.id}")
        if me.status != 200:
            return "not known"
        if me.json["attributes"]["disabled"]:
            return "worker disabled"
        reply = self.server.call("GET", "/queue/poll")
        if reply.status == 404:
            return "empty"
        job = json.loads(html.unescape(reply.text))
        self.message["status"] = "in_progress"
        self.message["job_id"] = job["job_id"]
        return job

    def progress(self, job, percent):
        self.message = self._status("in_progress", task=job["tasks"][0]["module"], progress=percent,
                                    job_id=job["job_id"], job_title=job["job_title"], info={"fps": 24.0})

    def complete(self, job, failed=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        info = {"start_time": str(now), "worker": "original", "worker_id": self.id, "version": "1.5.1",
                "completed": not failed, "end_time": str(now), "runtime": "0:00:00.1"}
        return self.server.call("PATCH", f"/jobs/{job['job_id']}/completed", {"failed": failed, "info": info})


class OurServer(unittest.TestCase):
    def setUp(self):
        self.server = Farm(self).server("--lease", "1")
        self.client = OriginalClient(self.server)
        self.task = {"module": "ffmpeg", "data": {"sources": ["a & b.mkv"]}}

    def test_it_takes_a_job_reports_progress_and_completes_it_once(self):
        job_id = self.server.submit(job_of(self.task, title="Law & Order"))
        self.assertEqual(self.client.beat().status, 204)
        self.client.be_idle()
        job = self.client.poll()
        self.assertEqual((job["job_id"], job["job_title"], job["tasks"]), (job_id, "Law & Order", [self.task]))
        self.assertEqual(self.client.beat().status, 204)
        self.client.progress(job, 42.5)
        self.assertEqual(self.client.beat().status, 204)
        shown = self.server.call("GET", "/workers").json["workers"][0]
        self.assertEqual((shown["status"], shown["progress"], shown["job_title"]), ("in_progress", 42.5, "Law & Order"))
        seen = self.server.job(job_id)
        self.assertEqual((seen["state"], seen["worker_id"], seen["hostname"]), ("running", WORKER, "original"))
        self.assertEqual(self.client.complete(job).status, 204)
        self.assertEqual(self.client.complete(job).status, 404)
        self.client.be_idle()
        self.client.beat()
        self.assertEqual(self.client.poll(), "empty")
        done = self.server.job(job_id)
        self.assertEqual((done["state"], done["info"]["worker"]), ("completed", "original"))

    def test_heartbeats_that_name_the_job_keep_it_beyond_the_lease(self):
        job_id = self.server.submit(job_of(self.task))
        self.client.beat()
        job = self.client.poll()
        # A second job in nobody's hands measures the time: its lease ends, the first one's must not.
        other = self.server.submit(job_of(self.task))
        stop = threading.Event()
        beating = threading.Thread(target=self.beat_until, args=(stop,))
        beating.start()
        try:
            with self.server.events(f"/jobs/{other}/events") as events:
                self.assertEqual(self.server.call("GET", "/queue/poll").json["job_id"], other)
                events.wait(lambda event: event.data["state"] == "queued" and event.data["attempt"] == 1,
                            "queued again")
        finally:
            stop.set()
            beating.join()
        self.assertEqual(self.server.job(job_id)["state"], "running")
        self.assertEqual(self.client.complete(job).status, 204)

    def beat_until(self, stop):
        while not stop.wait(0.2):
            self.client.beat()

    def test_its_job_is_queued_again_when_its_heartbeats_end(self):
        job_id = self.server.submit(job_of(self.task))
        self.client.beat()
        job = self.client.poll()
        with self.server.events(f"/jobs/{job_id}/events") as events:
            self.client.beat()
            events.wait(lambda event: event.data["state"] == "queued" and event.data["attempt"] == 1, "queued again")
        self.assertEqual(self.client.complete(job).status, 404)
        self.assertEqual(self.server.job(job_id)["state"], "queued")

    def test_a_failure_is_kept_with_its_message(self):
        job_id = self.server.submit(job_of(self.task))
        self.client.beat()
        self.assertEqual(self.client.complete(self.client.poll(), failed=True).status, 204)
        self.assertEqual(self.server.job(job_id)["state"], "failed")

    def test_a_disabled_queue_or_worker_keeps_it_from_polling(self):
        self.server.submit(job_of(self.task))
        self.assertEqual(self.client.poll(), "not known")
        self.client.beat()
        self.server.call("PATCH", "/queue", {"disabled": True})
        self.assertEqual(self.client.poll(), "queue disabled")
        self.server.call("PATCH", "/queue", {"disabled": False})
        self.server.call("PATCH", f"/workers/{WORKER}", {"disabled": True})
        self.assertEqual(self.client.poll(), "worker disabled")
        self.server.call("PATCH", f"/workers/{WORKER}", {"disabled": False})
        self.assertEqual(self.client.poll()["job_title"], "Awesome Encoding Job")

    def test_two_clients_get_two_jobs(self):
        ids = {self.server.submit(job_of(self.task)) for _ in range(2)}
        clients = [self.client, OriginalClient(self.server, str(uuid.uuid4()))]
        jobs = []
        for client in clients:
            client.beat()
            jobs.append(client.poll())
            client.beat()
        self.assertEqual({job["job_id"] for job in jobs}, ids)
        self.assertEqual(clients[0].complete(jobs[1]).status, 404)
        for client, job in zip(clients, jobs):
            self.assertEqual(client.complete(job).status, 204)


class OriginalServer(http.server.ThreadingHTTPServer):
    """The original's routes that a worker calls, without anything of ours. It remembers every request."""

    daemon_threads = True

    def __init__(self, jobs, option_sets=None):
        super().__init__(("127.0.0.1", 0), OriginalHandler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.waiting = list(jobs)
        self.option_sets = option_sets or {}
        self.heartbeats = {}
        self.queue_disabled = False
        self.requests = []
        self.completions = []
        self.grown = threading.Condition()

    def remember(self, method, path, body):
        with self.grown:
            self.requests.append((method, path, body))
            self.grown.notify_all()

    def wait_request(self, condition):
        with self.grown:
            found = self.grown.wait_for(lambda: next(filter(condition, self.requests), None), 30)
        if found is None:
            raise AssertionError(f"no such request among {self.requests}")
        return found

    def sent(self, method, prefix):
        with self.grown:
            return [body for made, path, body in self.requests if made == method and path.startswith(prefix)]


class OriginalHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        body = json.loads(text) if text else None
        status, reply = self.reply_to(self.command, self.path, body)
        payload = b"" if status == 204 else json.dumps(reply).encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
        self.server.remember(self.command, self.path, body)

    do_GET = do_POST = do_PATCH = answer

    def reply_to(self, method, path, body):
        farm = self.server
        parts = path.split("/")[1:]
        if (method, path) == ("GET", "/status/config"):
            return 200, {"backend": {"mongodb": "up"}, "version": "1.5.0", "uptime": "3 hours"}
        if (method, path) == ("GET", "/queue"):
            return 200, {"queue": farm.waiting, "entries": len(farm.waiting),
                         "attributes": {"disabled": farm.queue_disabled}}
        if (method, path) == ("GET", "/queue/poll"):
            return (200, farm.waiting.pop(0)) if farm.waiting else (404, None)
        if parts[0] == "workers" and len(parts) == 2:
            if method == "POST" and set(body) <= HEARTBEAT_FIELDS:
                farm.heartbeats[parts[1]] = body
                return 204, None
            if method == "GET" and parts[1] in farm.heartbeats:
                return 200, farm.heartbeats[parts[1]] | {"worker_id": parts[1], "attributes": {"disabled": False}}
        if method == "PATCH" and parts[0] == "jobs" and parts[2:] == ["completed"]:
            farm.completions.append((parts[1], body))
            return 204, None
        if method == "GET" and parts[0] == "data" and path in farm.option_sets:
            return 200, farm.option_sets[path] | {"_id": {"$oid": "0"}, "name": parts[2]}
        return 404, {"message": "The requested URL was not found on the server."}

    def log_message(self, *_):
        pass  # what was asked is in `requests`


class OurWorker(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)

    def serve(self, *jobs, **options):
        server = OriginalServer(jobs, **options)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return server

    def job(self, *tasks):
        return {"job_id": str(uuid.uuid4()), "job_title": "Original", "added": "2024-01-01 00:00:00+00:00",
                "tasks": list(tasks)}

    def start(self, server, *flags):
        return self.farm.worker(server.url, "--id", WORKER, "--poll-interval", "0.1", *flags)

    def test_it_polls_runs_and_completes_with_the_originals_fields_and_routes_only(self):
        output = self.farm.path("film.mkv")
        job = self.job(encode_task(clip(), output))
        server = self.serve(job)
        worker = self.start(server)
        worker.wait_log("server_without_extensions")
        _, path, body = server.wait_request(lambda request: request[0] == "PATCH")
        self.assertEqual(path, f"/jobs/{job['job_id']}/completed")
        self.assertEqual(set(body), {"failed", "info"})
        self.assertIs(body["failed"], False)
        for name in ("start_time", "end_time", "runtime", "worker", "worker_id", "version", "completed"):
            self.assertIn(name, body["info"])
        self.assertEqual((body["info"]["worker_id"], body["info"]["completed"]), (WORKER, True))
        self.assertEqual(probe_media(output)["streams"][0]["codec_name"], "h264")
        self.assertEqual(hidden_folders(self.farm.folder), [])
        self.assertEqual(worker.stop(), 0)
        self.assert_original_requests(server)
        self.assertEqual(len(server.completions), 1)

    def assert_original_requests(self, server):
        worker_path = f"/workers/{WORKER}"
        for method, path, body in server.requests:
            self.assertIn((method, path.split("/")[1]),
                          {("GET", "status"), ("GET", "queue"), ("GET", "workers"), ("POST", "workers"),
                           ("DELETE", "workers"), ("PATCH", "jobs"), ("GET", "data")}, path)
            self.assertNotIn("?", path)
            if (method, path) == ("POST", worker_path):
                self.assertLessEqual(set(body), HEARTBEAT_FIELDS)
                self.assertIn(body["status"], ("idle", "in_progress"))
        busy = [body for body in server.sent("POST", worker_path) if body["status"] == "in_progress"]
        self.assertTrue(busy)
        self.assertEqual(busy[-1]["job_title"], "Original")

    def test_it_tells_progress_in_its_heartbeats(self):
        options = {"codec": "libx264", "preset": "ultrafast", "tune": "zerolatency"}
        task = encode_task(clip(4), self.farm.path("film.mkv"), input_options={"re": True},
                           output_maps=[{"specifier": "v", "stream": 0, "options": options}])
        server = self.serve(self.job(task))
        self.start(server)
        _, _, body = server.wait_request(lambda request: request[0] == "POST" and request[2].get("progress", 0) > 0)
        self.assertEqual((body["task"], body["status"], body["job_title"]), ("ffmpeg", "in_progress", "Original"))
        self.assertLessEqual(body["progress"], 100)
        server.wait_request(lambda request: request[0] == "PATCH")

    def test_it_reports_a_failure_in_words(self):
        server = self.serve(self.job({"module": "teleport", "data": {}}))
        self.start(server)
        _, _, body = server.wait_request(lambda request: request[0] == "PATCH")
        self.assertIs(body["failed"], True)
        self.assertIn('no module "teleport"', body["info"]["message"])
        self.assertIn("ffmpeg", body["info"]["message"])
        self.assertIs(body["info"]["completed"], False)

    def test_it_fetches_option_sets_and_runs_cleanup_tasks(self):
        output = self.farm.path("film.mkv")
        task = encode_task(clip(), output, output_maps=[{"specifier": "v", "stream": 0, "option_set": "fast"}])
        leftover = self.farm.write("leftover.txt", "gone soon")
        job = self.job(task, {"module": "cleanup", "data": {"delete": [leftover], "move": [
            {"source": output, "destination": self.farm.path("moved.mkv")}]}})
        server = self.serve(job, option_sets={"/data/ffmpeg/fast": {"options": {"codec": "mpeg4", "qscale": 5}}})
        self.start(server)
        _, _, body = server.wait_request(lambda request: request[0] == "PATCH")
        self.assertIs(body["failed"], False, body)
        self.assertEqual(probe_media(self.farm.path("moved.mkv"))["streams"][0]["codec_name"], "mpeg4")
        self.assertFalse(os.path.exists(output) or os.path.exists(leftover))

    def test_it_takes_the_next_job_and_respects_a_disabled_queue(self):
        server = self.serve(*(self.job(encode_task(clip(), self.farm.path(f"{name}.mkv"))) for name in "ab"))
        server.queue_disabled = True
        self.start(server)
        eventually(lambda: len(server.sent("GET", "/queue")) >= 3, "the worker looks at the queue")
        self.assertEqual(server.sent("GET", "/queue/poll"), [])
        server.queue_disabled = False
        eventually(lambda: len(server.completions) == 2, "both jobs are done")
        self.assertEqual([body["failed"] for _, body in server.completions], [False, False])

    def start_with_gpu_module(self, server, *flags):
        os.mkdir(self.farm.path("modules.d"))
        self.farm.write("modules.d/gpu-tool.json", {"name": "gpu-tool", "description": "a test", "schema": {},
                                                    "command": ["sleep", "1000"], "resources": {"gpu": 1}})
        return self.start(server, "--modules-dir", self.farm.path("modules.d"), "--slots", "2", *flags)

    def test_while_resources_are_taken_it_asks_for_nothing_as_it_cannot_say_for_what(self):
        server = self.serve(*(self.job({"module": "gpu-tool", "data": {}}) for _ in range(2)))
        self.start_with_gpu_module(server, "--resource", "gpu=1")
        server.wait_request(lambda request: request[0] == "POST" and request[2]["status"] == "in_progress")
        polls = len(server.sent("GET", "/queue/poll"))
        looks = len(server.sent("GET", "/queue"))
        eventually(lambda: len(server.sent("GET", "/queue")) >= looks + 3, "the worker looks at the queue")
        self.assertEqual(len(server.sent("GET", "/queue/poll")), polls)
        self.assertEqual(len(server.waiting), 1)

    def test_a_job_whose_module_takes_what_the_worker_has_not_fails_in_words(self):
        server = self.serve(self.job({"module": "gpu-tool", "data": {}}))
        self.start_with_gpu_module(server)
        _, _, body = server.wait_request(lambda request: request[0] == "PATCH")
        self.assertIn("the module gpu-tool takes gpu=1, this worker has none", body["info"]["message"])


if __name__ == "__main__":
    unittest.main()
