"""Every route of the original server, over a socket, as its clients and its web page see it."""

import html
import json
import re
import unittest
import uuid

from farm import Farm, job_of

WORKER = "0f0d9a5e-6c0e-4a52-9e0f-6a2b1c3d4e5f"
NOBODY = "00000000-0000-4000-8000-000000000000"
TASK = {"module": "ffmpeg", "data": {}}


def heartbeat(**members):
    return {"status": "idle", "online_at": "None", "hostname": "alpha", "version": "1.5.1"} | members


class RouteTest(unittest.TestCase):
    flags = ()

    def setUp(self):
        self.server = Farm(self).server(*self.flags)
        self.call = self.server.call

    def assert_problem(self, reply, status, title, pointer=None, detail=""):
        body = reply.json
        self.assertEqual(reply.status, status, reply.text)
        self.assertEqual(reply.headers["Content-Type"], "application/json")
        self.assertEqual((body["status"], body["title"]), (status, title))
        self.assertEqual(body["message"], body["detail"])
        self.assertIn(detail, body["detail"])
        self.assertEqual(body.get("pointer"), pointer)

    def assert_no_content(self, reply):
        self.assertEqual((reply.status, reply.text), (204, ""))
        self.assertIsNone(reply.headers["Content-Length"])


class Queue(RouteTest):
    def test_a_submitted_job_gets_an_id_and_nothing_else_without_warnings(self):
        self.call("POST", f"/workers/{WORKER}", heartbeat(info={"modules": ["ffmpeg"]}))
        reply = self.call("POST", "/queue", job_of(TASK))
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.headers["Content-Type"], "application/json")
        self.assertEqual(list(reply.json), ["job_id"])
        self.assertEqual(uuid.UUID(reply.json["job_id"]).version, 4)

    def test_the_queue_lists_jobs_next_first_with_entries_and_attributes(self):
        ids = [self.server.submit(job_of(TASK, title=title)) for title in ("first", "second")]
        reply = self.call("GET", "/queue")
        self.assertEqual(reply.status, 200)
        self.assertEqual(list(reply.json), ["queue", "entries", "attributes"])
        self.assertEqual([job["job_id"] for job in reply.json["queue"]], ids)
        self.assertEqual([job["job_title"] for job in reply.json["queue"]], ["first", "second"])
        self.assertEqual((reply.json["entries"], reply.json["attributes"]), (2, {"disabled": False}))
        for job in reply.json["queue"]:
            self.assertEqual(job["tasks"], [TASK])
            self.assertRegex(job["added"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$")

    def test_an_empty_queue_is_an_empty_list(self):
        self.assertEqual(self.call("GET", "/queue").text, '{"queue":[],"entries":0,"attributes":{"disabled":false}}')

    def test_the_list_is_capped_at_a_thousand_and_entries_is_the_true_number(self):
        self.call("POST", "/queue", [job_of(TASK, title=str(number)) for number in range(1003)])
        body = self.call("GET", "/queue").json
        self.assertEqual((len(body["queue"]), body["entries"]), (1000, 1003))
        self.assertEqual(body["queue"][0]["job_title"], "0")
        limited = self.call("GET", "/queue?limit=2").json
        self.assertEqual((len(limited["queue"]), limited["entries"]), (2, 1003))
        self.assert_problem(self.call("GET", "/queue?limit=1001"), 400, "Bad Request", detail="limit")

    def test_the_queue_is_disabled_and_enabled(self):
        self.server.submit(job_of(TASK))
        reply = self.call("PATCH", "/queue", {"disabled": True})
        self.assertEqual((reply.status, reply.text), (200, '{"disabled":true}'))
        self.assertEqual(self.call("GET", "/queue").json["attributes"], {"disabled": True})
        self.assertEqual(self.call("PATCH", "/queue", {"disabled": False}).json, {"disabled": False})
        self.assertEqual(self.call("GET", "/queue/poll").status, 200)

    def test_a_bad_change_of_the_queue_is_refused(self):
        self.assert_problem(self.call("PATCH", "/queue", {"disabled": "yes"}), 400, "Bad Request", "/disabled")
        self.assert_problem(self.call("PATCH", "/queue", {"enabled": True}), 400, "Bad Request", "/enabled")
        self.assertEqual(self.call("GET", "/queue").json["attributes"], {"disabled": False})

    def test_clearing_removes_waiting_jobs_for_good_and_keeps_the_flag(self):
        running = self.server.submit(job_of(TASK))
        self.call("GET", "/queue/poll")
        waiting = self.server.submit(job_of(TASK))
        self.call("PATCH", "/queue", {"disabled": True})
        self.assert_no_content(self.call("DELETE", "/queue"))
        self.assertEqual(self.call("GET", "/queue").json, {"queue": [], "entries": 0, "attributes": {"disabled": True}})
        self.assertEqual(self.call("GET", f"/jobs/{waiting}").status, 404)
        self.assertEqual(self.server.job(running)["state"], "running")


class Poll(RouteTest):
    def test_an_empty_queue_is_404_with_null(self):
        reply = self.call("GET", "/queue/poll")
        self.assertEqual((reply.status, reply.text), (404, "null"))
        self.assertEqual(reply.headers["Content-Type"], "application/json")

    def test_jobs_come_first_in_first_out_with_the_original_members_and_no_more(self):
        ids = [self.server.submit(job_of(TASK, title=title)) for title in ("first", "second")]
        for job_id, title in zip(ids, ("first", "second")):
            job = self.call("GET", "/queue/poll").json
            self.assertEqual(sorted(job), ["added", "job_id", "job_title", "tasks"])
            self.assertEqual((job["job_id"], job["job_title"], job["tasks"]), (job_id, title, [TASK]))
        self.assertEqual(self.call("GET", "/queue/poll").status, 404)

    def test_a_higher_priority_comes_first(self):
        self.server.submit(job_of(TASK, title="usual"))
        self.server.submit(job_of(TASK, title="urgent", priority=5))
        self.assertEqual(self.call("GET", "/queue/poll").json["job_title"], "urgent")

    def test_an_ampersand_survives_the_original_clients_html_unescape(self):
        title = 'Law & Order &amp; "Tom & Jerry" &quot;&lt;'
        self.server.submit(job_of({"module": "ffmpeg", "data": {"sources": ["a&b.mkv"], "k&k": "&#39;"}}, title=title))
        text = self.call("GET", "/queue/poll").text
        self.assertNotIn("&", text)
        self.assertIn(r"Law \u0026 Order", text)
        job = json.loads(html.unescape(text))
        self.assertEqual(job["job_title"], title)
        self.assertEqual(job["tasks"][0]["data"], {"sources": ["a&b.mkv"], "k&k": "&#39;"})

    def test_numbers_key_order_and_strings_come_back_unchanged(self):
        data = (r'{"z":19,"a":19.0,"m":1e3,"big":9223372036854775807,"unsigned":18446744073709551615,"f":0.10,'
                r'"s":"\u00e9é\/\n\ud83c\udfac","deep":[{"b":1,"a":[]}],"n":null,"t":true,"neg":-0.0}')
        job = '{ "tasks" : [ {"module":"ffmpeg","data":%s,"note":"kept"} ] , "job_title":"t"}' % data
        self.call("POST", "/queue", job)
        for path in ("/queue", "/queue/poll"):
            text = self.call("GET", path).text
            self.assertIn(data, text)
            self.assertIn('"note":"kept"', text)

    def test_the_seeds_job_name_comes_back_as_job_title(self):
        self.call("POST", "/queue", {"job_name": "Seed", "tasks": [TASK]})
        job = self.call("GET", "/queue/poll").json
        self.assertEqual(job["job_title"], "Seed")
        self.assertNotIn("job_name", job)

    def test_a_disabled_queue_hands_out_nothing(self):
        self.server.submit(job_of(TASK))
        self.call("PATCH", "/queue", {"disabled": True})
        self.assertEqual(self.call("GET", "/queue/poll").status, 404)


class Jobs(RouteTest):
    def test_a_waiting_and_a_running_job_are_readable(self):
        job_id = self.server.submit(job_of(TASK))
        for state in ("queued", "running"):
            reply = self.call("GET", f"/jobs/{job_id}")
            self.assertEqual(reply.status, 200)
            self.assertEqual((reply.json["job_id"], reply.json["job_title"], reply.json["tasks"], reply.json["state"]),
                             (job_id, "Awesome Encoding Job", [TASK], state))
            self.call("GET", "/queue/poll")

    def test_an_unknown_job_is_404_everywhere(self):
        for method, path, body in (("GET", "", None), ("DELETE", "", None),
                                   ("PATCH", "/completed", {"failed": False, "info": {}})):
            for job_id in (NOBODY, "no-uuid"):
                self.assert_problem(self.call(method, f"/jobs/{job_id}{path}", body), 404, "Not Found", detail=job_id)

    def test_deleting_removes_a_waiting_job_and_a_finished_one(self):
        waiting = self.server.submit(job_of(TASK))
        self.assert_no_content(self.call("DELETE", f"/jobs/{waiting}"))
        self.assertEqual(self.call("GET", f"/jobs/{waiting}").status, 404)
        self.assertEqual(self.call("DELETE", f"/jobs/{waiting}").status, 404)
        finished = self.server.submit(job_of(TASK))
        self.call("GET", "/queue/poll")
        self.call("PATCH", f"/jobs/{finished}/completed", {"failed": False, "info": {}})
        self.assert_no_content(self.call("DELETE", f"/jobs/{finished}"))
        self.assertEqual(self.call("GET", f"/jobs/{finished}").status, 404)

    def test_deleting_what_an_original_client_runs_cancels_it_unconfirmed(self):
        job_id = self.server.submit(job_of(TASK))
        self.call("GET", "/queue/poll")
        self.call("POST", f"/workers/{WORKER}", heartbeat(status="in_progress", job_id=job_id))
        self.assert_no_content(self.call("DELETE", f"/jobs/{job_id}"))
        job = self.server.job(job_id)
        self.assertEqual((job["state"], job["unconfirmed"]), ("cancelled", True))
        self.call("POST", f"/workers/{WORKER}", heartbeat(status="in_progress", job_id=job_id))
        self.assertEqual(self.server.job(job_id)["state"], "cancelled")
        completed = self.call("PATCH", f"/jobs/{job_id}/completed", {"failed": False, "info": {"worker_id": WORKER}})
        self.assertEqual(completed.status, 404)


class Completion(RouteTest):
    def granted(self):
        job_id = self.server.submit(job_of(TASK))
        self.call("GET", "/queue/poll")
        return job_id

    def test_it_ends_a_job_once_and_keeps_what_the_worker_said(self):
        job_id = self.granted()
        info = {"runtime": "0:00:01", "worker": "alpha", "nested": {"numbers": [1, 2.5]}}
        self.assert_no_content(self.call("PATCH", f"/jobs/{job_id}/completed", {"failed": False, "info": info}))
        self.assertEqual((self.server.job(job_id)["state"], self.server.job(job_id)["info"]), ("completed", info))
        again = self.call("PATCH", f"/jobs/{job_id}/completed", {"failed": True, "info": {}})
        self.assert_problem(again, 404, "Not Found", detail=job_id)
        self.assertEqual(self.server.job(job_id)["state"], "completed")

    def test_a_failure_is_final_at_once_with_its_message(self):
        job_id = self.granted()
        self.call("PATCH", f"/jobs/{job_id}/completed", {"failed": True, "info": {"message": "out of film"}})
        job = self.server.job(job_id)
        self.assertEqual((job["state"], job["message"]), ("failed", "out of film"))
        self.assertEqual(self.call("GET", "/queue/poll").status, 404)

    def test_an_unknown_key_or_a_wrong_type_changes_nothing(self):
        job_id = self.granted()
        path = f"/jobs/{job_id}/completed"
        self.assert_problem(self.call("PATCH", path, {"failed": False, "result": 1}), 400, "Bad Request", "/result")
        self.assert_problem(self.call("PATCH", path, {"failed": "no", "info": {}}), 400, "Bad Request", "/failed")
        self.assert_problem(self.call("PATCH", path, {"info": {}}), 400, "Bad Request", "/failed")
        self.assert_problem(self.call("PATCH", path), 400, "Bad Request")
        self.assertEqual(self.server.job(job_id)["state"], "running")

    def test_the_info_is_optional(self):
        job_id = self.granted()
        self.assert_no_content(self.call("PATCH", f"/jobs/{job_id}/completed", {"failed": False}))

    def test_only_the_worker_that_runs_the_job_completes_it(self):
        job_id = self.granted()
        self.call("POST", f"/workers/{WORKER}", heartbeat(status="in_progress", job_id=job_id))
        path = f"/jobs/{job_id}/completed"
        stranger = self.call("PATCH", path, {"failed": True, "info": {"worker_id": NOBODY}})
        self.assertEqual(stranger.status, 404)
        self.assertEqual(self.server.job(job_id)["state"], "running")
        self.assert_no_content(self.call("PATCH", path, {"failed": False, "info": {"worker_id": WORKER}}))


class Workers(RouteTest):
    def test_a_heartbeat_is_told_back_with_id_and_attributes(self):
        beat = heartbeat(status="in_progress", task="ffmpeg", job_id=NOBODY, job_title="T", progress=12.5,
                         info={"fps": 24.5, "eta": "0:01:00"})
        self.assert_no_content(self.call("POST", f"/workers/{WORKER}", beat))
        reply = self.call("GET", f"/workers/{WORKER}")
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.json, beat | {"worker_id": WORKER, "attributes": {"disabled": False}})
        self.assertEqual(self.call("GET", "/workers").json, {"workers": [reply.json], "count": 1})

    def test_the_list_is_sorted_by_hostname_and_may_be_empty(self):
        self.assertEqual(self.call("GET", "/workers").json, {"workers": [], "count": 0})
        for hostname in ("charlie", "alpha", "bravo"):
            self.call("POST", f"/workers/{uuid.uuid4()}", heartbeat(hostname=hostname))
        body = self.call("GET", "/workers").json
        self.assertEqual([worker["hostname"] for worker in body["workers"]], ["alpha", "bravo", "charlie"])
        self.assertEqual(body["count"], 3)

    def test_a_bad_heartbeat_names_its_field(self):
        for name in ("status", "online_at", "hostname", "version"):
            beat = heartbeat()
            del beat[name]
            self.assert_problem(self.call("POST", f"/workers/{WORKER}", beat), 400, "Bad Request", f"/{name}", name)
        for name, value in (("progress", "half"), ("job_id", 5), ("colour", "red")):
            reply = self.call("POST", f"/workers/{WORKER}", heartbeat(**{name: value}))
            self.assert_problem(reply, 400, "Bad Request", f"/{name}", name)
        self.assertEqual(self.call("GET", f"/workers/{WORKER}").status, 404)

    def test_a_worker_is_disabled_and_stays_so_over_heartbeats(self):
        self.call("POST", f"/workers/{WORKER}", heartbeat())
        reply = self.call("PATCH", f"/workers/{WORKER}", {"disabled": True})
        self.assertEqual((reply.status, reply.json), (200, {"disabled": True}))
        self.call("POST", f"/workers/{WORKER}", heartbeat())
        self.assertEqual(self.call("GET", f"/workers/{WORKER}").json["attributes"], {"disabled": True})
        self.assert_problem(self.call("PATCH", f"/workers/{WORKER}", {"disabled": 1}), 400, "Bad Request", "/disabled")

    def test_deleting_forgets_a_worker(self):
        self.call("POST", f"/workers/{WORKER}", heartbeat())
        self.assert_no_content(self.call("DELETE", f"/workers/{WORKER}"))
        self.assertEqual(self.call("GET", f"/workers/{WORKER}").status, 404)
        self.assert_problem(self.call("DELETE", f"/workers/{WORKER}"), 404, "Not Found", detail=WORKER)


class WorkerExpiry(RouteTest):
    flags = ("--client-expiry", "1")

    def test_a_worker_that_is_not_heard_is_gone_and_its_attributes_stay(self):
        with self.server.events() as events:
            self.call("POST", f"/workers/{WORKER}", heartbeat())
            self.call("PATCH", f"/workers/{WORKER}", {"disabled": True})
            events.wait(lambda event: event.type == "worker" and not event.data["online"], "the worker is offline")
        self.assertEqual(self.call("GET", f"/workers/{WORKER}").status, 404)
        self.assertEqual(self.call("GET", "/workers").json, {"workers": [], "count": 0})
        self.call("POST", f"/workers/{WORKER}", heartbeat())
        self.assertEqual(self.call("GET", f"/workers/{WORKER}").json["attributes"], {"disabled": True})


class UnboundGrant(RouteTest):
    flags = ("--lease", "1")

    def test_a_polled_job_that_no_heartbeat_names_waits_again_and_the_log_says_so(self):
        job_id = self.server.submit(job_of(TASK))
        with self.server.events(f"/jobs/{job_id}/events") as events:
            self.call("GET", "/queue/poll")
            events.wait(lambda event: event.data["state"] == "running", "the job runs")
            events.wait(lambda event: event.data["state"] == "queued" and event.data["attempt"] == 1, "it waits again")
        self.server.wait_log(f"job_queued job_id={job_id} .*message=")


class Data(RouteTest):
    def test_a_document_is_stored_read_replaced_and_deleted(self):
        path = "/data/ffmpeg/anime%20%26%20film"
        self.assert_no_content(self.call("POST", path, {"options": {"crf": 19, "preset": "slow"}, "name": "other"}))
        reply = self.call("GET", path)
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.headers["Content-Type"], "application/json")
        self.assertEqual(reply.json, {"options": {"crf": 19, "preset": "slow"}, "name": "anime & film"})
        self.assert_no_content(self.call("POST", path, {"options": {}}))
        self.assertEqual(self.call("GET", path).json, {"options": {}, "name": "anime & film"})
        self.assert_no_content(self.call("DELETE", path))
        for method in ("GET", "DELETE"):
            self.assert_problem(self.call(method, path), 404, "Not Found")

    def test_modules_do_not_share_names(self):
        self.call("POST", "/data/ffmpeg/archive", {"options": {}})
        self.assertEqual(self.call("GET", "/data/handbrake/archive").status, 404)

    def test_a_document_that_is_no_object_is_refused(self):
        self.assert_problem(self.call("POST", "/data/ffmpeg/archive", [1]), 400, "Bad Request", detail="object")


class Status(RouteTest):
    def test_the_configuration_has_the_originals_members_and_the_extensions(self):
        body = self.call("GET", "/status/config").json
        self.assertIsInstance(body["backend"], dict)
        self.assertRegex(body["version"], r"^\d+\.\d+\.\d+")
        self.assertRegex(body["uptime"], r"^(an? \w+|\d+ \w+s)$")
        self.assertIn("leases", body["extensions"])

    def test_health_is_online(self):
        self.assertEqual(self.call("GET", "/status/health").text, '{"status":"online"}')


class Http(RouteTest):
    def test_every_reply_lets_pages_of_any_origin_read_it(self):
        for method, path in (("GET", "/queue"), ("GET", "/queue/poll"), ("GET", "/nothing"), ("DELETE", "/queue"),
                             ("PUT", "/queue"), ("OPTIONS", "/queue"), ("POST", "/queue")):
            reply = self.call(method, path, headers={"Origin": "http://frontend.example"})
            self.assertEqual(reply.headers["Access-Control-Allow-Origin"], "*", f"{method} {path}")
        with self.server.events() as events:
            self.assertEqual(events.headers["Access-Control-Allow-Origin"], "*")
        self.assertIn(b"Access-Control-Allow-Origin: *", self.server.raw(b"nonsense\r\n\r\n"))

    def test_a_preflight_allows_patch_and_json(self):
        for path in ("/queue", f"/workers/{WORKER}", f"/jobs/{NOBODY}/completed", "/data/a/b", "/nothing"):
            reply = self.call("OPTIONS", path, headers={"Origin": "http://x", "Access-Control-Request-Method": "PATCH"})
            self.assert_no_content(reply)
            self.assertIn("PATCH", reply.headers["Access-Control-Allow-Methods"])
            self.assertIn("Content-Type", reply.headers["Access-Control-Allow-Headers"])

    def test_a_head_has_the_length_and_no_body(self):
        text = self.call("GET", "/queue").text
        reply = self.server.raw(b"HEAD /queue HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head, _, body = reply.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK"))
        self.assertIn(f"Content-Length: {len(text)}".encode(), head)
        self.assertEqual(body, b"")

    def test_a_method_that_a_route_does_not_take_is_405_and_names_those_it_does(self):
        for method, path, allowed in (("PUT", "/queue", "POST, GET, HEAD, PATCH, DELETE, OPTIONS"),
                                      ("POST", "/queue/poll", "GET, OPTIONS"),
                                      ("PATCH", "/data/a/b", "GET, HEAD, POST, DELETE, OPTIONS")):
            reply = self.call(method, path)
            self.assert_problem(reply, 405, "Method Not Allowed", detail=method)
            self.assertEqual(reply.headers["Allow"], allowed)

    def test_a_head_takes_no_job_off_the_queue(self):
        self.server.submit(job_of(TASK))
        self.assertEqual(self.call("HEAD", "/queue/poll").status, 405)
        self.assertEqual(self.call("GET", "/queue").json["entries"], 1)

    def test_what_is_not_there_is_404_and_named(self):
        self.assert_problem(self.call("GET", "/no/such/thing"), 404, "Not Found", detail="/no/such/thing")

    def test_requests_that_come_together_are_answered_in_order(self):
        get = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
        body = json.dumps(job_of(TASK)).encode()
        post = b"POST /queue HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        last = b"GET /status/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        reply = self.server.raw(get % b"/queue" + post + get % b"/queue/poll" + get % b"/nothing" + last).decode()
        self.assertEqual(re.findall(r"HTTP/1\.1 (\d+)", reply), ["200", "200", "200", "404", "200"])
        places = [reply.index(text) for text in ('"entries":0', '{"job_id"', '"job_title"', "/nothing", "online")]
        self.assertEqual(places, sorted(places))

    def test_a_chunked_body_is_taken(self):
        body = json.dumps(job_of(TASK)).encode()
        chunks = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (10, body[:10], len(body) - 10, body[10:])
        reply = self.server.raw(b"POST /queue HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                                b"Connection: close\r\n\r\n" + chunks)
        self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK"), reply)

    def test_a_query_that_the_original_would_ignore_is_ignored(self):
        self.assertEqual(self.call("GET", "/queue?_=12345").status, 200)

    def test_an_unknown_field_of_a_job_is_refused_and_named(self):
        self.assert_problem(self.call("POST", "/queue", job_of(TASK, priorty=5)), 400, "Bad Request", "/priorty",
                            "priorty")
        self.assertEqual(self.call("GET", "/queue").json["entries"], 0)


class AllowOrigin(RouteTest):
    flags = ("--allow-origin", "http://frontend.example")

    def test_the_origin_is_configurable(self):
        reply = self.call("GET", "/queue")
        self.assertEqual(reply.headers["Access-Control-Allow-Origin"], "http://frontend.example")
        self.assertEqual(reply.headers["Vary"], "Origin")


if __name__ == "__main__":
    unittest.main()
