"""Jobs from the document to the playable file, over HTTP alone and with the command line."""

import json
import os
import pathlib
import signal
import unittest

from farm import (Farm, clip, encode_task, encoders_of, endless_task, eventually, free_port, hidden_folders, job_of,
                  probe_media, wait_until_gone)

NOBODY = "00000000-0000-4000-8000-000000000000"
GOLDEN = pathlib.Path(os.environ["SISYPHUS_SOURCE_DIR"], "tests", "golden", "001-ffmpeg-docs-full-example.json")
IN_REAL_TIME = {"input_options": {"re": True}, "output_maps": [{"specifier": "v", "stream": 0, "options": {
    "codec": "libx264", "preset": "ultrafast", "tune": "zerolatency"}}]}


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def first_progress(client):
    """The first event of a client's output that says a frame."""
    for line in client.popen.stdout:
        event = json.loads(line)
        if event.get("progress", {}).get("frame"):
            return event
    raise AssertionError("the client ended before there was progress:\n" + "\n".join(client.lines))


class FarmTest(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        self.output = self.farm.path("film.mkv")

    def start(self):
        self.server = self.farm.server()
        self.worker = self.farm.worker(self.server.url)

    def assert_film(self, path, codec="h264", frames=50):
        stream = probe_media(path)["streams"][0]
        self.assertEqual(stream["codec_name"], codec)
        self.assertEqual((stream["width"], stream["height"]), (320, 180))
        self.assertEqual(hidden_folders(self.farm.folder), [])
        self.assertAlmostEqual(float(probe_media(path)["format"]["duration"]), frames / 25, delta=0.2)


class OverHttp(FarmTest):
    def setUp(self):
        super().setUp()
        self.start()

    def test_the_seeds_job_encodes_and_cleans_up(self):
        leftover = self.farm.write("leftover.txt", "gone soon")
        job_id = self.server.submit({"job_name": "Seed", "tasks": [
            encode_task(clip(), self.output), {"module": "cleanup", "data": {"delete": [leftover]}}]})
        job = self.server.wait_state(job_id, "completed")
        self.assert_film(self.output)
        self.assertFalse(os.path.exists(leftover))
        self.assertEqual((job["job_title"], job["attempt"], job["hostname"]), ("Seed", 1, "worker"))
        self.assertEqual(job["info"]["outputs"], [self.output])
        self.assertTrue(job["info"]["completed"])
        self.assertLess(job["added"], job["finished_at"])

    def test_an_option_set_of_the_server_wins_over_options_in_place(self):
        self.server.call("POST", "/data/ffmpeg/small", {"options": {"codec": "mpeg4", "qscale": 9}})
        maps = [{"specifier": "v", "stream": 0, "option_set": "small", "options": {"codec": "libx264", "g": 10}}]
        job_id = self.server.submit(job_of(encode_task(clip(), self.output, output_maps=maps)))
        self.server.wait_state(job_id, "completed")
        self.assert_film(self.output, codec="mpeg4")

    def test_a_later_task_encodes_what_an_earlier_one_wrote(self):
        middle = self.farm.path("middle.mkv")
        job_id = self.server.submit(job_of(encode_task(clip(), middle), encode_task(middle, self.output),
                                           {"module": "cleanup", "data": {"delete": [middle]}}))
        job = self.server.wait_state(job_id, "completed")
        self.assert_film(self.output)
        self.assertEqual(job["info"]["outputs"], [self.output])

    def test_a_result_is_moved_to_its_place(self):
        os.mkdir(self.farm.path("library"))
        moved = self.farm.path("library", "film.mkv")
        job_id = self.server.submit(job_of(encode_task(clip(), self.output), {"module": "cleanup", "data": {
            "move": [{"source": self.output, "destination": self.farm.path("library")}]}}))
        self.server.wait_state(job_id, "completed")
        self.assertFalse(os.path.exists(self.output))
        self.assert_film(moved)

    def test_an_audio_only_job_tells_progress_by_time(self):
        task = encode_task(clip(4), self.farm.path("sound.flac"), source_maps=[{"source": 0, "specifier": "a"}],
                           input_options={"re": True},
                           output_maps=[{"specifier": "a", "stream": 0, "options": {"codec": "flac"}}])
        with self.server.events() as events:
            self.server.submit(job_of(task))
            told = events.wait(lambda event: event.type == "progress" and
                               0 < event.data["progress"].get("percent", 0) < 100, "progress by time")
            self.assertNotIn("total_frames", told.data["progress"])
            events.wait(lambda event: event.data.get("state") == "completed", "it ends")

    def test_progress_is_live_and_whole(self):
        with self.server.events() as events:
            job_id = self.server.submit(job_of(encode_task(clip(4), self.output, **IN_REAL_TIME)))
            told = events.wait(lambda event: event.type == "progress" and event.data["job_id"] == job_id and
                               {"frame", "fps", "eta_s"} <= event.data["progress"].keys(),
                               "a whole progress")
            self.assertEqual(self.server.job(job_id)["state"], "running")
            events.wait(lambda event: event.data.get("state") == "completed", "the job ends")
        progress = told.data["progress"]
        for name in ("percent", "frame", "total_frames", "fps", "speed", "size_bytes", "elapsed_s", "eta_s"):
            self.assertIn(name, progress)
        self.assertEqual(progress["total_frames"], 100)
        self.assertLess(progress["percent"], 100)
        self.assertEqual((told.data["task"], told.data["task_index"], told.data["task_count"]), ("ffmpeg", 0, 1))
        shown = [event.data["progress"]["percent"] for event in events.seen
                 if event.type == "progress" and "percent" in event.data["progress"]]
        self.assertEqual(shown, sorted(shown))
        self.assertGreater(len(shown), 5)
        states = [event.data["state"] for event in events.seen if event.type == "state"]
        self.assertEqual(states, ["queued", "running", "completed"])
        self.assert_film(self.output, frames=100)

    def test_progress_of_the_whole_job_never_goes_back_and_is_100_only_at_the_end(self):
        tasks = [encode_task(clip(4), self.output, **IN_REAL_TIME),
                 encode_task(clip(2), self.farm.path("second.mkv"), **IN_REAL_TIME),
                 {"module": "cleanup", "data": {"delete": [self.farm.path("second.mkv")]}}]
        with self.server.events() as events:
            self.server.submit(job_of(*tasks))
            events.wait(lambda event: event.data.get("state") == "completed", "the job ends")
        told = [event.data for event in events.seen if event.type == "progress"]
        percents = [progress["job_percent"] for progress in told]
        self.assertEqual(percents, sorted(percents))
        self.assertLess(percents[-2], 100)
        self.assertEqual(percents[-1], 100)
        of_second = [progress["job_percent"] for progress in told if progress["task_index"] == 1]
        self.assertAlmostEqual(min(of_second), 66, delta=4)  # 100 of 150 frames are done
        left = [progress["job_eta_s"] for progress in told if "job_eta_s" in progress]
        self.assertGreater(len(left), 5)
        self.assertLess(max(left), 30)

    def test_a_stream_resumes_behind_the_last_event_seen(self):
        with self.server.events() as events:
            job_id = self.server.submit(job_of(encode_task(clip(), self.output)))
            queued = events.wait(lambda event: event.type == "state" and event.data["job_id"] == job_id, "queued")
            events.wait(lambda event: event.data.get("state") == "completed", "completed")
        with self.server.events(last_event_id=queued.id) as events:
            events.wait(lambda event: event.data.get("state") == "completed", "completed, told again")
            states = [event.data["state"] for event in events.seen if event.type == "state"]
        self.assertEqual(states, ["running", "completed"])

    def test_the_events_of_a_job_begin_with_its_state_and_end_with_it(self):
        job_id = self.server.submit(job_of(encode_task(clip(), self.output)))
        with self.server.events(f"/jobs/{job_id}/events") as events:
            seen = events.wait_end()
        self.assertEqual(seen[0].type, "state")
        self.assertEqual(seen[-1].data["state"], "completed")
        with self.server.events(f"/jobs/{job_id}/events") as events:
            self.assertEqual([event.data["state"] for event in events.wait_end()], ["completed"])

    def test_relative_names_start_from_the_workers_folder(self):
        os.symlink(clip(), self.farm.path("source.mkv"))
        job_id = self.server.submit(job_of(encode_task("source.mkv", "film.mkv")))
        self.server.wait_state(job_id, "completed")
        self.assert_film(self.output)


class Run(FarmTest):
    def test_it_encodes_without_a_farm_and_exits_0(self):
        path = self.farm.write("job.json", job_of(encode_task(clip(), self.output)))
        done = self.farm.run("run", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(self.output, done.stdout)
        self.assert_film(self.output)

    def test_it_takes_option_sets_and_standard_input_and_speaks_json(self):
        options = self.farm.write("set.json", {"name": "small", "options": {"codec": "mpeg4"}})
        maps = [{"specifier": "v", "stream": 0, "option_set": "small"}]
        job = job_of(encode_task(clip(), self.output, output_maps=maps))
        done = self.farm.run("run", "-", "--option-set", f"small={options}", "--json", stdin=json.dumps(job))
        self.assertEqual(done.returncode, 0, done.stderr)
        last = json_lines(done.stdout)[-1]
        self.assertEqual((last["event"], last["state"], last["outputs"]), ("state", "completed", [self.output]))
        self.assert_film(self.output, codec="mpeg4")

    def test_a_job_that_fails_exits_1_with_its_reason(self):
        path = self.farm.write("job.json", job_of(encode_task(self.farm.path("missing.mkv"), self.output)))
        done = self.farm.run("run", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("missing.mkv does not exist", done.stdout + done.stderr)

    def test_a_bad_document_exits_2(self):
        done = self.farm.run("run", self.farm.write("job.json", {"job_title": "t"}))
        self.assertEqual(done.returncode, 2)
        self.assertIn("tasks", done.stderr)

    def test_ctrl_c_cancels_the_job_and_exits_130(self):
        path = self.farm.write("job.json", job_of(endless_task(clip(), self.output)))
        running = self.farm.client("run", path, "--json")
        encoders = encoders_of(first_progress(running)["job_id"])
        self.assertEqual(len(encoders), 1)
        running.signal(signal.SIGINT)
        rest = json_lines(running.popen.stdout.read())
        self.assertEqual(running.wait(), 130)
        self.assertEqual(rest[-1]["state"], "cancelled")
        wait_until_gone(encoders[0])
        self.assertFalse(os.path.exists(self.output))
        self.assertEqual(hidden_folders(self.farm.folder), [])
        self.assertEqual([name for name in os.listdir(self.farm.folder) if name.startswith("sisyphus-run")], [])


class CommandLine(FarmTest):
    def client(self, *arguments, **options):
        return self.farm.run(*arguments, "--server", self.server.url, **options)

    def test_submit_and_watch_ends_with_the_job(self):
        self.start()
        path = self.farm.write("job.json", job_of(encode_task(clip(), self.output)))
        done = self.client("submit", path, "--watch")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("completed", done.stdout)
        self.assert_film(self.output)

    def test_submit_and_watch_of_a_failing_job_exits_1(self):
        self.start()
        path = self.farm.write("job.json", job_of(encode_task(self.farm.path("missing.mkv"), self.output)))
        done = self.client("submit", path, "--watch", "--json")
        self.assertEqual(done.returncode, 1, done.stderr)
        lines = json_lines(done.stdout)
        self.assertEqual(list(lines[0]), ["file", "job_ids"])
        self.assertEqual(lines[-1]["state"], "failed")
        self.assertIn("missing.mkv", lines[-1]["message"])

    def test_submit_tells_of_modules_that_nobody_offers(self):
        self.start()
        eventually(lambda: self.server.call("GET", "/workers").json["count"], "the worker is known")
        path = self.farm.write("job.json", job_of({"module": "teleport", "data": {}}))
        done = self.client("submit", path)
        self.assertEqual(done.returncode, 0)
        self.assertIn("teleport", done.stderr)
        self.assertEqual(self.server.job(done.stdout.strip())["state"], "queued")

    def test_submit_checks_every_file_before_it_sends_the_first(self):
        self.server = self.farm.server()
        good = self.farm.write("good.json", job_of(encode_task(clip(), self.output)))
        bad = self.farm.write("bad.json", {"job_title": "t", "tasks": [{"module": "ffmpeg"}]})
        done = self.client("submit", good, bad)
        self.assertEqual(done.returncode, 2)
        self.assertIn("bad.json", done.stderr)
        self.assertIn("/tasks/0/data", done.stderr)
        self.assertEqual(self.server.call("GET", "/queue").json["entries"], 0)

    def test_list_and_show_tell_what_there_is(self):
        self.start()
        job_id = self.server.submit(job_of(encode_task(clip(), self.output), title="Big Film"))
        self.server.wait_state(job_id, "completed")
        waiting = self.server.submit(job_of({"module": "teleport", "data": {}}, title="Waits"))
        listed = json.loads(self.client("list", "--json").stdout)
        self.assertEqual([(job["job_id"], job["state"]) for job in listed],
                         [(waiting, "queued"), (job_id, "completed")])
        self.assertEqual(json.loads(self.client("list", "--state", "failed", "--json").stdout), [])
        table = self.client("list").stdout
        self.assertIn("Big Film", table)
        self.assertIn("teleport", table)
        shown = self.client("show", job_id[:8])
        self.assertEqual(shown.returncode, 0)
        for text in (job_id, "Big Film", "completed", self.output, "1 of 3"):
            self.assertIn(text, shown.stdout)
        self.assertEqual(json.loads(self.client("show", job_id, "--json").stdout)["state"], "completed")

    def test_watch_follows_a_job_to_its_end_and_exits_as_it_does(self):
        self.start()
        job_id = self.server.submit(job_of(encode_task(clip(4), self.output, **IN_REAL_TIME)))
        done = self.client("watch", job_id, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = json_lines(done.stdout)
        self.assertEqual(lines[-1]["state"], "completed")
        self.assertTrue(any(line["event"] == "progress" for line in lines))
        cancelled = self.server.submit(job_of({"module": "teleport", "data": {}}))
        self.server.call("POST", f"/jobs/{cancelled}/cancel")
        self.assertEqual(self.client("watch", cancelled).returncode, 1)

    def test_an_interrupted_watch_exits_130_and_leaves_the_job_alone(self):
        self.start()
        path = self.farm.write("job.json", job_of(endless_task(clip(), self.output)))
        job_id = self.interrupt("submit", path, "--watch")
        self.assertEqual(self.interrupt("watch", job_id), job_id)
        done = self.client("cancel", job_id, "--json")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads(done.stdout), {"job_id": job_id, "state": "cancelling"})
        self.server.wait_state(job_id, "cancelled")

    def interrupt(self, *arguments):
        """Ctrl-C when the first progress is shown; the job's id."""
        watching = self.farm.client(*arguments, "--json", "--server", self.server.url)
        event = first_progress(watching)
        watching.signal(signal.SIGINT)
        watching.popen.stdout.read()
        self.assertEqual(watching.wait(), 130)
        watching.wait_log(f"sisyphus cancel {event['job_id']}")
        self.assertEqual(self.server.job(event["job_id"])["state"], "running")
        return event["job_id"]

    def test_actions_on_jobs_exit_with_what_came_of_them(self):
        self.server = self.farm.server()
        job_id = self.server.submit(job_of({"module": "teleport", "data": {}}))
        for action, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled"), ("retry", "queued")):
            done = self.client(action, job_id[:8])
            self.assertEqual((done.returncode, done.stdout), (0, f"{job_id}: {state}\n"), done.stderr)
        self.assertEqual(self.client("retry", job_id).returncode, 2)
        both = self.client("cancel", NOBODY, job_id)
        self.assertEqual(both.returncode, 2)
        self.assertIn(NOBODY, both.stderr)
        self.assertEqual(self.server.job(job_id)["state"], "cancelled")

    def test_the_queue_workers_and_documents_have_their_commands(self):
        self.start()
        eventually(lambda: self.server.call("GET", "/workers").json["count"], "the worker is known")
        self.assertEqual(json.loads(self.client("queue", "disable", "--json").stdout), {"entries": 0, "disabled": True})
        self.assertEqual(json.loads(self.client("queue", "enable", "--json").stdout), {"entries": 0, "disabled": False})
        workers = json.loads(self.client("workers", "--json").stdout)
        self.assertEqual([worker["worker_id"] for worker in workers], [self.worker.id])
        self.assertIn(self.worker.id, self.client("workers").stdout)
        path = self.farm.write("set.json", {"options": {"crf": 19}})
        self.assertEqual(self.client("data", "put", "ffmpeg", "archive", path).returncode, 0)
        self.assertEqual(json.loads(self.client("data", "get", "ffmpeg", "archive").stdout)["options"], {"crf": 19})
        self.assertEqual(self.client("data", "rm", "ffmpeg", "archive").returncode, 0)
        self.assertEqual(self.client("data", "get", "ffmpeg", "archive").returncode, 2)

    def test_a_server_that_is_not_there_exits_3(self):
        url = f"http://127.0.0.1:{free_port()}"
        path = self.farm.write("job.json", job_of(encode_task(clip(), self.output)))
        for arguments in (("submit", path), ("list",), ("show", NOBODY), ("watch", NOBODY), ("cancel", NOBODY),
                          ("workers",), ("queue",), ("data", "get", "ffmpeg", "x")):
            done = self.farm.run(*arguments, "--server", url)
            self.assertEqual(done.returncode, 3, arguments)
            self.assertIn(url.removeprefix("http://"), done.stderr, arguments)

    def test_wrong_usage_exits_2(self):
        for arguments in ((), ("fly",), ("list", "--state", "tired"), ("submit",), ("show",),
                          ("worker", "--slots", "0"), ("server", "--listen", "nowhere"),
                          ("run", self.farm.path("missing.json")), ("list", "--server", "ftp://x")):
            done = self.farm.run(*arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stderr))
            self.assertTrue(done.stderr, arguments)

    def test_help_and_version_exit_0(self):
        self.assertIn("submit", self.farm.run("--help").stdout)
        self.assertIn("--watch", self.farm.run("submit", "--help").stdout)
        self.assertRegex(self.farm.run("--version").stdout, r"^sisyphus \d+\.\d+\.\d+\n$")

    def test_flags_win_over_the_environment_and_that_over_the_file(self):
        config = self.farm.write("sisyphus.toml", '[list]\nserver = "http://127.0.0.1:1"\n')
        self.assertIn("127.0.0.1:1", self.farm.run("--config", config, "list").stderr)
        from_environment = {"API_URL": "http://127.0.0.1:2"}
        self.assertIn("127.0.0.1:2", self.farm.run("--config", config, "list", environment=from_environment).stderr)
        flag = self.farm.run("--config", config, "list", "--server", "http://127.0.0.1:3", environment=from_environment)
        self.assertIn("127.0.0.1:3", flag.stderr)
        unknown = self.farm.run("--config", self.farm.write("wrong.toml", "[list]\ncolour = 1\n"), "list")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("colour", unknown.stderr)


class Plan(FarmTest):
    def test_the_documented_example_gives_its_command_and_touches_nothing(self):
        golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
        flags = []
        for name, options in golden["option_sets"].items():
            path = self.farm.write(f"{name}.json", {"name": name, "options": options})
            flags += ["--option-set", f"{name}={path}"]
        before = sorted(os.listdir(self.farm.folder))
        job = json.dumps(job_of({"module": "ffmpeg", "data": golden["data"]}))
        done = self.farm.run("plan", "-", "--json", *flags, stdin=job)
        self.assertEqual(done.returncode, 0, done.stderr)
        task = json.loads(done.stdout)["tasks"][0]
        self.assertEqual([os.path.basename(task["argv"][0]), *task["argv"][1:]], golden["argv"])
        self.assertIn("-nostdin", task["run_argv"])
        self.assertIn("source_file_1.mkv", done.stderr)
        self.assertEqual(task["outputs"], ["/shared/output_file.mkv"])
        self.assertEqual(sorted(os.listdir(self.farm.folder)), before)

    def test_option_sets_come_from_the_server_too(self):
        server = self.farm.server()
        server.call("POST", "/data/ffmpeg/small", {"options": {"codec": "mpeg4"}})
        maps = [{"specifier": "v", "stream": 0, "option_set": "small"}]
        path = self.farm.write("job.json", job_of(encode_task(clip(), self.output, output_maps=maps)))
        done = self.farm.run("plan", path, "--json", "--server", server.url)
        self.assertIn("mpeg4", json.loads(done.stdout)["tasks"][0]["argv"])

    def test_tasks_without_a_program_have_no_vector(self):
        job = job_of({"module": "cleanup", "data": {"delete": ["x"]}})
        done = self.farm.run("plan", self.farm.write("job.json", job), "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        task = json.loads(done.stdout)["tasks"][0]
        self.assertIsNone(task["argv"])
        self.assertNotIn("error", task)

    def test_a_document_that_says_nonsense_exits_2_and_names_the_place(self):
        task = encode_task(clip(), self.output, output_maps=[{"specifier": "v", "stream": "first", "options": {}}])
        done = self.farm.run("plan", self.farm.write("job.json", job_of(task)), "--json")
        self.assertEqual(done.returncode, 2)
        planned = json.loads(done.stdout)["tasks"][0]
        self.assertIsNone(planned["argv"])
        self.assertIn("/tasks/0/data/output_maps/0/stream", planned["error"])

    def test_validate_accepts_what_would_run_here(self):
        path = self.farm.write("job.json", job_of(encode_task(clip(), self.output)))
        done = self.farm.run("validate", path, "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, {"valid": True, "problems": []}))
        self.assertFalse(os.path.exists(self.output))

    def test_validate_lists_all_that_is_wrong_here(self):
        job = job_of(encode_task(self.farm.path("missing.mkv"), self.output),
                     encode_task(clip(), self.farm.path("no", "folder.mkv")), {"module": "teleport", "data": {}})
        done = self.farm.run("validate", self.farm.write("job.json", job), "--json")
        self.assertEqual(done.returncode, 2)
        problems = {problem["pointer"]: problem["message"] for problem in json.loads(done.stdout)["problems"]}
        self.assertEqual(sorted(problems), ["/tasks/0/data/sources/0", "/tasks/1/data/output_file", "/tasks/2/module"])
        self.assertIn("missing.mkv", problems["/tasks/0/data/sources/0"])
        plain = self.farm.run("validate", self.farm.path("job.json"))
        self.assertEqual(plain.returncode, 2)
        self.assertIn("missing.mkv", plain.stderr)

    def problems_of(self, *tasks):
        done = self.farm.run("validate", self.farm.write("job.json", job_of(*tasks)), "--json")
        return [(problem["pointer"], problem["message"]) for problem in json.loads(done.stdout)["problems"]]

    def test_validate_asks_this_ffmpeg_for_encoders_and_filters(self):
        options = {"codec": "libx256", "vf": "[in]scale@a='2:2',hflop"}
        self.assertEqual(self.problems_of(encode_task(clip(), self.output, output_maps=[
            {"specifier": "v", "stream": 0, "options": options}])), [
                ("/tasks/0/data/output_maps/0/options/codec",
                 'this ffmpeg has no encoder "libx256"; did you mean libx265 or libx264?'),
                ("/tasks/0/data/output_maps/0/options/vf",
                 'this ffmpeg has no filter "hflop"; did you mean hflip?')])
        for codec in ("h264", "libx264", "copy", "mpeg4"):
            self.assertEqual(self.problems_of(encode_task(clip(), self.output, output_maps=[
                {"specifier": "v", "stream": 0, "options": {"codec": codec}}])), [])

    def test_validate_without_an_option_set_says_only_that(self):
        maps = [{"specifier": "v", "stream": 0, "option_set": "archive"}]
        problems = self.problems_of(encode_task(clip(), self.output, output_maps=maps),
                                    {"module": "cleanup", "data": {"move": [
                                        {"source": self.output, "destination": self.farm.path("moved.mkv")}]}})
        self.assertEqual([pointer for pointer, _ in problems], ["/tasks/0/data/output_maps/0/option_set"])

    def test_validate_follows_files_through_the_job(self):
        move = {"module": "cleanup", "data": {"move": [{"source": clip(), "destination": self.output}]}}
        problems = self.problems_of(encode_task(clip(), self.output), move, encode_task(clip(), self.output))
        self.assertEqual(problems, [
            ("/tasks/1/data", f"{self.output} is written by task 1 already, and nothing has read it since"),
            ("/tasks/2/data", f"{clip()} is deleted or moved away by task 2 before"),
            ("/tasks/2/data", f"{self.output} is written by task 2 already")])


if __name__ == "__main__":
    unittest.main()
