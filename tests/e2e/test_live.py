"""Jobs that run at the same time, and what cancel and pause do to them while they do."""

import os
import pty
import time
import unittest

from farm import (Farm, clip, encode_task, encoders_of, endless_task, eventually, film_task, hidden_folders, job_of,
                  probe_media, process_state, wait_until_gone)


def number_of(event):
    """Ids are an epoch and a number that grows."""
    return int(event.id.rpartition("-")[2])


class LiveTest(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        self.server = self.farm.server()

    def output(self, name="film"):
        return self.farm.path(f"{name}.mkv")

    def submit_endless(self, name="film", *more_tasks):
        return self.server.submit(job_of(endless_task(clip(), self.output(name)), *more_tasks, title=name))

    def running_encoder(self, job_id):
        self.server.wait_progress(job_id)
        encoders = encoders_of(job_id)
        self.assertEqual(len(encoders), 1)
        return encoders[0]

    def act(self, job_id, action):
        reply = self.server.call("POST", f"/jobs/{job_id}/{action}")
        self.assertEqual(reply.status, 200, reply.text)
        return reply.json["state"]

    def assert_nothing_left(self, job_id, name="film"):
        self.assertEqual(encoders_of(job_id), [])
        self.assertFalse(os.path.exists(self.output(name)))
        self.assertEqual([path for path in hidden_folders(self.farm.folder) if job_id in path], [])


class Slots(LiveTest):
    def test_four_jobs_run_at_once_with_progress_of_their_own_and_one_can_be_cancelled(self):
        self.farm.worker(self.server.url, "--slots", "4")
        names = ["one", "two", "three", "four"]
        ids = [self.submit_endless(name) for name in names]
        encoders = {job_id: self.running_encoder(job_id) for job_id in ids}
        self.assertEqual(len(set(encoders.values())), 4)
        with self.server.events() as events:
            for job_id in ids:
                first = events.wait(lambda event: event.type == "progress" and event.data["job_id"] == job_id,
                                    "progress")
                frame = first.data["progress"]["frame"]
                events.wait(lambda event: event.type == "progress" and event.data["job_id"] == job_id and
                            event.data["progress"]["frame"] > frame, "more progress of the same job")
            self.assertEqual(self.act(ids[1], "cancel"), "cancelling")
            cancelled = events.wait(lambda event: event.type == "state" and event.data["job_id"] == ids[1] and
                                    event.data["state"] == "cancelled", "cancelled")
            wait_until_gone(encoders[ids[1]])
            self.assert_nothing_left(ids[1], "two")
            for job_id in (ids[0], ids[2], ids[3]):
                self.assertIn(process_state(encoders[job_id]), "RSD")
                events.wait(lambda event: event.type == "progress" and event.data["job_id"] == job_id and
                            number_of(event) > number_of(cancelled), "progress after the cancel")
        shown = self.server.call("GET", "/workers").json["workers"][0]
        self.assertEqual(shown["info"]["slots"], 4)
        self.assertEqual(self.server.job(ids[0])["state"], "running")

    def test_a_worker_takes_no_more_than_its_slots(self):
        self.farm.worker(self.server.url, "--slots", "2")
        ids = [self.submit_endless(name) for name in ("one", "two", "three")]
        for job_id in ids[:2]:
            self.running_encoder(job_id)
        self.assertEqual(self.server.job(ids[2])["state"], "queued")
        self.act(ids[0], "cancel")
        self.running_encoder(ids[2])

    def test_a_heartbeat_tells_of_every_job_and_its_top_of_the_oldest(self):
        worker = self.farm.worker(self.server.url, "--slots", "2")
        ids = [self.submit_endless("one")]
        self.running_encoder(ids[0])
        ids.append(self.submit_endless("two"))
        self.running_encoder(ids[1])

        def both_shown():
            shown = self.server.call("GET", f"/workers/{worker.id}").json
            jobs = [job["job_id"] for job in shown["info"]["jobs"]]
            return shown if jobs == ids and "progress" in shown else None

        shown = eventually(both_shown, "the heartbeat names both jobs")
        self.assertEqual((shown["job_id"], shown["job_title"], shown["task"], shown["status"]),
                         (ids[0], "one", "ffmpeg", "in_progress"))

    def test_jobs_go_to_the_worker_that_offers_what_they_require(self):
        self.farm.worker(self.server.url, "--slots", "2", name="plain")
        self.farm.worker(self.server.url, "--slots", "2", "--label", "nvenc", "--resource", "gpu=1", name="gpu")
        needs = {"labels": ["nvenc"], "resources": {"gpu": 1}}
        ids = [self.server.submit(job_of(endless_task(clip(), self.output(name)), title=name, requires=needs))
               for name in ("one", "two")]
        self.running_encoder(ids[0])
        self.assertEqual(self.server.job(ids[0])["hostname"], "gpu")
        self.assertEqual(self.server.job(ids[1])["state"], "queued")
        self.act(ids[0], "cancel")
        freed = time.monotonic()
        self.running_encoder(ids[1])
        self.assertLess(time.monotonic() - freed, 10)  # not the end of a long poll
        self.assertEqual(self.server.job(ids[1])["hostname"], "gpu")


class Cancel(LiveTest):
    def setUp(self):
        super().setUp()
        self.worker = self.farm.worker(self.server.url)

    def test_a_cancelled_job_leaves_no_process_no_file_and_runs_no_further_task(self):
        precious = self.farm.write("precious.txt", "keep me")
        job_id = self.submit_endless("film", {"module": "cleanup", "data": {"delete": [precious]}})
        encoder = self.running_encoder(job_id)
        self.assertEqual(len(hidden_folders(self.farm.folder)), 1)
        asked = time.monotonic()
        self.assertEqual(self.act(job_id, "cancel"), "cancelling")
        job = self.server.wait_state(job_id, "cancelled")
        self.assertLess(time.monotonic() - asked, 5)
        wait_until_gone(encoder)
        self.assert_nothing_left(job_id)
        self.assertTrue(os.path.exists(precious))
        self.assertNotIn("unconfirmed", job)
        self.assertEqual(self.worker.popen.poll(), None)

    def test_deleting_a_running_job_cancels_it_and_it_stays_readable(self):
        job_id = self.submit_endless()
        encoder = self.running_encoder(job_id)
        self.assertEqual(self.server.call("DELETE", f"/jobs/{job_id}").status, 204)
        self.server.wait_state(job_id, "cancelled")
        wait_until_gone(encoder)
        self.assert_nothing_left(job_id)
        self.assertEqual(self.server.call("DELETE", f"/jobs/{job_id}").status, 204)
        self.assertEqual(self.server.call("GET", f"/jobs/{job_id}").status, 404)

    def test_cancelling_a_waiting_job_is_immediate(self):
        running = self.submit_endless("one")
        self.running_encoder(running)
        waiting = self.submit_endless("two")
        self.assertEqual(self.act(waiting, "cancel"), "cancelled")
        self.assertEqual(self.server.call("POST", f"/jobs/{waiting}/cancel").status, 409)
        self.assertEqual(self.server.job(running)["state"], "running")

    def test_the_slot_is_free_after_a_cancel(self):
        first = self.submit_endless("one")
        self.running_encoder(first)
        second = self.server.submit(job_of(encode_task(clip(), self.output("two"))))
        self.act(first, "cancel")
        self.server.wait_state(second, "completed")
        probe_media(self.output("two"))

    def test_a_cancelled_job_can_be_tried_again(self):
        job_id = self.server.submit(job_of(encode_task(clip(), self.output(), input_options={"re": True})))
        self.server.wait_state(job_id, "running")
        self.act(job_id, "cancel")
        self.server.wait_state(job_id, "cancelled")
        with self.server.events() as events:
            self.assertEqual(self.act(job_id, "retry"), "queued")
            events.wait(lambda event: event.type == "state" and event.data["state"] == "completed", "completed")
        probe_media(self.output())

    def test_a_job_that_takes_longer_than_its_timeout_fails(self):
        job_id = self.server.submit(job_of(endless_task(clip(), self.output()), timeout_s=0.5))
        job = self.server.wait_state(job_id, "failed")
        self.assertIn("timeout_s", job["message"])
        self.assert_nothing_left(job_id)


class Families(LiveTest):
    """A tool with children and grandchildren that left its session and ignore what asks them to end."""

    def start_family(self):
        self.worker = self.farm.worker(self.server.url, environment=self.farm.fake_ffmpeg("family", "3"))
        job_id = self.server.submit(job_of(encode_task(clip(), self.output())))
        told = self.farm.path("told")
        lines = eventually(lambda: os.path.exists(told) and "ready" in (text := self.read(told)) and text.split("\n"),
                           "the family is there")
        family = [int(line.removeprefix("pid ")) for line in lines if line.startswith("pid ")]
        self.assertEqual(len(family), 7)
        return job_id, family

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def test_none_of_it_survives_a_cancel(self):
        job_id, family = self.start_family()
        self.act(job_id, "cancel")
        self.server.wait_state(job_id, "cancelled")
        for pid in family:
            self.assertFalse(os.path.exists(f"/proc/{pid}"), "cancelled is said when none is left")
        self.assert_nothing_left(job_id)

    def test_none_of_it_survives_a_killed_worker(self):
        _, family = self.start_family()
        self.worker.kill()
        for pid in family:
            wait_until_gone(pid)

    def test_none_of_it_survives_a_worker_that_leaves(self):
        _, family = self.start_family()
        self.assertEqual(self.worker.stop(), 0)
        for pid in family:
            self.assertFalse(os.path.exists(f"/proc/{pid}"))


class Events(LiveTest):
    def test_progress_says_all_that_the_tool_tells_and_its_last_comes_before_the_end(self):
        with self.server.events() as events:
            self.farm.worker(self.server.url)
            job_id = self.server.submit(job_of(film_task(clip(2), self.output())))
            events.wait(lambda event: event.type == "state" and event.data["state"] == "completed", "the end")
            seen = [event for event in events.seen if event.data.get("job_id") == job_id]
        kinds = [event.type for event in seen]
        self.assertEqual(kinds[-2:], ["progress", "state"])
        last = seen[-2].data
        self.assertEqual((last["task"], last["task_index"], last["task_count"], last["job_percent"]), ("ffmpeg", 0, 1, 100))
        progress = [event.data for event in seen if event.type == "progress"]
        self.assertLessEqual({"percent", "frame", "fps", "speed", "bitrate_kbps", "size_bytes", "eta_s"},
                             {name for data in progress for name in data["progress"]})
        self.assertTrue(any("job_eta_s" in data for data in progress))

    def test_workers_that_come_go_and_die_are_told(self):
        self.server = self.farm.server("--client-expiry", "1", data_dir="short")

        def told(events, worker, online):
            events.wait(lambda event: event.type == "worker" and event.data["worker_id"] == worker.id and
                        event.data["online"] == online, f"online={online}")

        with self.server.events() as events:
            leaves = self.farm.worker(self.server.url, name="leaves")
            told(events, leaves, True)
            leaves.stop()
            told(events, leaves, False)
            dies = self.farm.worker(self.server.url, name="dies")
            told(events, dies, True)
            dies.kill()
            told(events, dies, False)


class Pause(LiveTest):
    def test_a_paused_waiting_job_is_held_until_it_is_resumed(self):
        held = self.server.submit(job_of(encode_task(clip(), self.output("held"))))
        self.assertEqual(self.act(held, "pause"), "paused")
        other = self.server.submit(job_of(encode_task(clip(), self.output("other"))))
        self.farm.worker(self.server.url)
        self.server.wait_state(other, "completed")
        self.assertEqual(self.server.job(held)["state"], "paused")
        self.assertFalse(os.path.exists(self.output("held")))
        self.assertEqual(self.act(held, "resume"), "queued")
        self.server.wait_state(held, "completed")

    def test_a_paused_running_job_stands_still_and_goes_on(self):
        worker = self.farm.worker(self.server.url)
        job_id = self.submit_endless()
        encoder = self.running_encoder(job_id)
        self.assertEqual(self.act(job_id, "pause"), "paused")
        eventually(lambda: process_state(encoder) == "T", "the encoder is stopped")
        self.assertEqual(self.server.job(job_id)["state"], "paused")
        waiting = self.server.submit(job_of(encode_task(clip(), self.output("other"))))
        beats = len(worker.lines)
        self.assertEqual(self.server.job(waiting)["state"], "queued")
        with self.server.events() as events:
            self.assertEqual(self.act(job_id, "resume"), "running")
            eventually(lambda: process_state(encoder) != "T", "the encoder runs again")
            events.wait(lambda event: event.type == "progress" and event.data["job_id"] == job_id, "progress goes on")
        self.assertEqual(len(worker.lines), beats)
        self.assertEqual(self.server.job(job_id)["attempt"], 1)

    def test_heartbeats_keep_a_paused_job_beyond_its_lease(self):
        server = self.farm.server("--lease", "1", data_dir="short")
        self.farm.worker(server.url, name="short")
        job_id = server.submit(job_of(endless_task(clip(), self.output())))
        server.wait_progress(job_id)
        server.call("POST", f"/jobs/{job_id}/pause")
        # A job in nobody's hands measures the time: when its lease has ended, the paused one's would have too.
        other = server.submit(job_of({"module": "teleport", "data": {}}))
        with server.events(f"/jobs/{other}/events") as events:
            self.assertEqual(server.call("GET", "/queue/poll").json["job_id"], other)
            events.wait(lambda event: event.data["state"] == "queued" and event.data["attempt"] == 1, "queued again")
        self.assertEqual((server.job(job_id)["state"], server.job(job_id)["attempt"]), ("paused", 1))

    def test_a_paused_running_job_can_be_cancelled(self):
        self.farm.worker(self.server.url)
        job_id = self.submit_endless()
        encoder = self.running_encoder(job_id)
        self.act(job_id, "pause")
        eventually(lambda: process_state(encoder) == "T", "the encoder is stopped")
        self.act(job_id, "cancel")
        self.server.wait_state(job_id, "cancelled")
        wait_until_gone(encoder)
        self.assert_nothing_left(job_id)

    def test_a_paused_running_job_stays_paused_over_a_restart_of_the_server(self):
        self.farm.worker(self.server.url)
        job_id = self.submit_endless()
        encoder = self.running_encoder(job_id)
        self.act(job_id, "pause")
        eventually(lambda: process_state(encoder) == "T", "the encoder is stopped")
        self.server.kill()
        self.server = self.farm.server(port=self.server.port)
        self.assertEqual(self.server.job(job_id)["state"], "paused")
        eventually(lambda: self.server.call("GET", "/workers").json["count"], "the worker is heard again")
        self.assertEqual((self.server.job(job_id)["state"], process_state(encoder)), ("paused", "T"))
        self.act(job_id, "resume")
        eventually(lambda: process_state(encoder) != "T", "the encoder runs again")

    def test_the_jobs_timeout_stands_still(self):
        self.farm.worker(self.server.url)
        limited = {"timeout_s": 2}
        job_id = self.server.submit(job_of(endless_task(clip(), self.output()), **limited))
        encoder = self.running_encoder(job_id)
        self.act(job_id, "pause")
        eventually(lambda: process_state(encoder) == "T", "the encoder is stopped")
        # Another worker measures the time: its job has the same limit, and began later.
        self.farm.worker(self.server.url, name="other")
        other = self.server.submit(job_of(endless_task(clip(), self.output("other")), **limited))
        self.assertIn("timeout_s", self.server.wait_state(other, "failed")["message"])
        self.assertEqual(self.server.job(job_id)["state"], "paused")
        self.act(job_id, "resume")
        self.assertIn("timeout_s", self.server.wait_state(job_id, "failed")["message"])

    def test_a_disabled_queue_starts_nothing_and_what_runs_goes_on(self):
        self.farm.worker(self.server.url, "--slots", "2")
        running = self.server.submit(job_of(film_task(clip(2), self.output())))
        self.server.wait_progress(running)
        self.assertEqual(self.server.call("PATCH", "/queue", {"disabled": True}).status, 200)
        waiting = self.server.submit(job_of(encode_task(clip(), self.output("waiting"))))
        self.server.wait_state(running, "completed")
        self.assertEqual(self.server.job(waiting)["state"], "queued")
        self.server.call("PATCH", "/queue", {"disabled": False})
        self.server.wait_state(waiting, "completed")

    def test_a_pause_that_comes_while_the_worker_is_cut_off_is_not_lost(self):
        self.farm.worker(self.server.url)
        job_id = self.submit_endless()
        encoder = self.running_encoder(job_id)
        self.server.kill()
        self.server = self.farm.server(port=self.server.port)
        self.act(job_id, "pause")
        eventually(lambda: process_state(encoder) == "T", "the encoder is stopped")
        self.act(job_id, "resume")
        eventually(lambda: process_state(encoder) != "T", "the encoder runs again")


class Drain(LiveTest):
    def test_a_drained_worker_finishes_what_it_has_takes_no_more_and_ends(self):
        worker = self.farm.worker(self.server.url)
        running = self.server.submit(job_of(encode_task(clip(), self.output("one"), input_options={"re": True})))
        self.server.wait_state(running, "running")
        waiting = self.server.submit(job_of(encode_task(clip(), self.output("two"))))

        def drained():  # refused until the worker has opened its control stream
            told = self.farm.run("workers", "--server", self.server.url, "drain", worker.id)
            return told if told.returncode == 0 else None

        self.assertEqual(eventually(drained, "the worker was told").stdout, f"{worker.id}: draining\n")
        self.assertEqual(worker.wait(), 0)
        self.assertEqual(self.server.job(running)["state"], "completed")
        self.assertEqual(self.server.job(waiting)["state"], "queued")
        self.assertEqual(self.server.call("GET", "/workers").json["workers"], [])

    def test_a_worker_that_is_not_there_cannot_be_drained(self):
        self.assertEqual(self.server.call("POST", "/workers/nobody/drain").status, 404)
        refused = self.farm.run("workers", "--server", self.server.url, "drain", "nobody")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("nobody", refused.stderr)

    def test_one_that_holds_no_control_stream_open_cannot_be_told(self):
        beat = {"status": "idle", "online_at": "now", "hostname": "old", "version": "1"}
        self.server.call("POST", "/workers/old", beat)
        self.assertEqual(self.server.call("POST", "/workers/old/drain").status, 409)


class Filter(LiveTest):
    """Cancelling what fits a filter."""

    def setUp(self):
        super().setUp()
        self.ids = {title: self.server.submit(job_of(encode_task(clip(), self.output(title)), title=title))
                    for title in ("S01E01", "S01E02", "S02E01")}

    def cancel(self, *flags):
        return self.farm.run("cancel", "--server", self.server.url, *flags)

    def states(self):
        return [self.server.job(job_id)["state"] for job_id in self.ids.values()]

    def test_cancels_the_jobs_whose_title_and_state_fit(self):
        self.act(self.ids["S01E02"], "pause")
        done = self.cancel("--state", "queued", "--title", "S0*", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.states(), ["cancelled", "paused", "cancelled"])
        self.assertEqual(self.cancel("--title", "S01*", "--yes").returncode, 0)
        self.assertEqual(self.states(), ["cancelled", "cancelled", "cancelled"])

    def test_an_empty_pattern_fits_no_job(self):
        done = self.cancel("--state", "queued", "--title", "", "--yes")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn("no job", done.stderr)
        self.assertEqual(self.states(), ["queued"] * 3)

    def test_without_a_terminal_nothing_is_cancelled_until_yes_is_said(self):
        refused = self.cancel("--title", "S01*")
        self.assertEqual((refused.returncode, refused.stdout), (2, ""))
        self.assertIn("--yes", refused.stderr)
        self.assertIn("S01E02", refused.stderr)
        self.assertNotIn("S02E01", refused.stderr)
        self.assertEqual(self.states(), ["queued"] * 3)

    def test_on_a_terminal_it_asks(self):
        for answer, code, states in (("n", 2, ["queued"] * 3), ("y", 0, ["cancelled", "cancelled", "queued"])):
            ours, theirs = pty.openpty()
            asking = self.farm.client("cancel", "--server", self.server.url, "--title", "S01*", stdin=theirs)
            os.close(theirs)
            os.write(ours, f"{answer}\n".encode())
            self.assertEqual(asking.wait(), code)
            os.close(ours)
            self.assertTrue(asking.has_logged("Cancel these 2"))
            self.assertEqual(self.states(), states)

    def test_nothing_that_fits_is_no_fault_and_ids_and_filters_exclude_each_other(self):
        self.assertEqual(self.cancel("--title", "S09*", "--yes").returncode, 0)
        self.assertEqual(self.cancel().returncode, 2)
        self.assertEqual(self.cancel(self.ids["S01E01"], "--state", "queued").returncode, 2)
        self.assertEqual(self.states(), ["queued"] * 3)


class Priority(LiveTest):
    def test_a_waiting_job_is_brought_forward(self):
        ids = [self.server.submit(job_of(encode_task(clip(), self.output(title)), title=title)) for title in "abc"]
        for job_id, priority in ((ids[2], "10"), (ids[0], "-1")):
            done = self.farm.run("priority", "--server", self.server.url, job_id[:8], priority)
            self.assertEqual((done.returncode, done.stdout), (0, f"{job_id}: priority {priority}\n"), done.stderr)
        queue = self.server.call("GET", "/queue").json["queue"]
        self.assertEqual([job["job_title"] for job in queue], ["c", "b", "a"])
        self.assertEqual(self.server.job(ids[0])["priority"], -1)

    def test_what_is_no_priority_is_refused(self):
        job_id = self.server.submit(job_of(encode_task(clip(), self.output())))
        for body in ({"priority": 101}, {"priority": 1.5}, {"priority": "1"}, {}, {"priority": 1, "title": "x"}):
            self.assertEqual(self.server.call("PATCH", f"/jobs/{job_id}", body).status, 400, body)
        self.assertEqual(self.farm.run("priority", "--server", self.server.url, job_id, "101").returncode, 2)
        self.act(job_id, "cancel")
        self.assertEqual(self.server.call("PATCH", f"/jobs/{job_id}", {"priority": 1}).status, 409)


if __name__ == "__main__":
    unittest.main()
