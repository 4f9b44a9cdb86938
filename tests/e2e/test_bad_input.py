"""Wrong requests, wrong documents and full or missing disks: each is told in words that name the place, and takes
nothing with it."""

import json
import os
import pathlib
import unittest

from farm import (Farm, clip, encode_task, eventually, hidden_folders, job_of, mount_privately, probe_media,
                  read_to_end, remount, small_disk)

mount_privately()

TASK = {"module": "ffmpeg", "data": {}}
WAITS = {"module": "teleport", "data": {}}


class Documents(unittest.TestCase):
    def setUp(self):
        self.server = Farm(self).server("--max-body", "1")

    def assert_refused(self, body, pointer, detail, status=400):
        reply = self.server.call("POST", "/queue", body)
        self.assertEqual(reply.status, status, reply.text)
        self.assertEqual(reply.json.get("pointer"), pointer, reply.text)
        self.assertIn(detail, reply.json["detail"])
        self.assertEqual(reply.json["message"], reply.json["detail"])
        self.assertEqual(self.server.call("GET", "/queue").json["entries"], 0)

    def test_no_body(self):
        self.assert_refused(None, None, "the body is empty")
        self.assert_refused("  \n", None, "the body is empty")

    def test_what_is_not_json(self):
        self.assert_refused("job_title=x", None, "not valid JSON")
        self.assert_refused('{"job_title": "t", "tasks": [{"module": "ffmpeg", "data": {}}', None, "not valid JSON")
        self.assert_refused(json.dumps(job_of(TASK)) + "x", None, "not valid JSON")
        self.assert_refused(b'{"job_title": "\xff\xfe", "tasks": []}', None, "not valid JSON")

    def test_wrong_types_and_missing_members_name_their_place(self):
        for body, pointer, detail in (
                ("text", None, "object"), (7, None, "object"), ({"tasks": [TASK]}, "/job_title", "job_title"),
                ({"job_title": 5, "tasks": [TASK]}, "/job_title", "must be a string, found an integer"),
                ({"job_title": "t"}, "/tasks", "tasks"),
                ({"job_title": "t", "tasks": "ffmpeg"}, "/tasks", "must be an array, found a string"),
                ({"job_title": "t", "tasks": ["ffmpeg"]}, "/tasks/0", "must be an object"),
                ({"job_title": "t", "tasks": [TASK, {"data": {}}]}, "/tasks/1/module", "module"),
                ({"job_title": "t", "tasks": [{"module": "ffmpeg"}]}, "/tasks/0/data", "data"),
                ({"job_title": "t", "tasks": [{"module": 1, "data": {}}]}, "/tasks/0/module", "must be a string"),
                ({"job_title": "t", "tasks": [{"module": "", "data": {}}]}, "/tasks/0/module", "module"),
                ({"job_title": "t", "tasks": [{"module": "ffmpeg", "data": []}]}, "/tasks/0/data", "must be an object"),
                (job_of(TASK, priority=101), "/priority", "-100 and 100"),
                (job_of(TASK, priority=1.5), "/priority", "integer"),
                (job_of(TASK, max_attempts=0), "/max_attempts", "between 1 and"),
                (job_of(TASK, timeout_s="1h"), "/timeout_s", "number"),
                (job_of(TASK, not_before="tomorrow"), "/not_before", "tomorrow"),
                (job_of(TASK, requires={"labels": "nvenc"}), "/requires/labels", "labels"),
                (job_of(TASK, requires={"resources": {"gpu": 0}}), "/requires/resources/gpu", "above 0"),
                (job_of(TASK, **{"a/b~c": 1}), "/a~1b~0c", "a/b~c"),
                (job_of(TASK, job_name="twice"), "/job_name", "not both")):
            with self.subTest(body=body):
                self.assert_refused(json.dumps(body), pointer, detail)

    def test_no_tasks(self):
        self.assert_refused(job_of(), "/tasks", "at least one task")

    def test_a_key_that_is_given_twice(self):
        self.assert_refused('{"job_title":"a","job_title":"b","tasks":[]}', "/job_title", "twice")

    def test_a_number_that_nobody_can_hold(self):
        for number in ("1e400", "123456789012345678901234567890"):
            body = '{"job_title":"t","tasks":[{"module":"ffmpeg","data":{"crf":%s}}]}' % number
            self.assert_refused(body, "/tasks/0/data", number)

    def test_one_bad_job_of_an_array_refuses_all(self):
        self.assert_refused([job_of(TASK), job_of(), job_of(TASK)], "/1/tasks", "at least one task")
        self.assert_refused([], None, "no job")

    def test_json_that_is_nested_too_deep(self):
        for depth in (40, 100_000):
            deep = '{"a":' + "[" * depth + "]" * depth + "}"
            self.assert_refused(json.dumps(job_of(TASK)).replace("{}", deep), None, "deeper than 32 levels")
        fine = json.dumps(job_of(TASK)).replace("{}", '{"a":' + "[" * 20 + "]" * 20 + "}")
        self.assertEqual(self.server.call("POST", "/queue", fine).status, 200)

    def test_a_body_over_the_limit(self):
        body = job_of(TASK, metadata={"text": "x" * (1 << 20)})
        self.assert_refused(body, None, "1048576 bytes", status=413)
        told = self.server.raw(b"POST /queue HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        self.assertTrue(told.startswith(b"HTTP/1.1 413 "), told)

    def test_a_header_over_the_limit(self):
        reply = self.server.call("GET", "/queue", headers={"X-Long": "x" * 9000})
        self.assertEqual(reply.status, 431)
        self.assertIn("8192 bytes", reply.json["detail"])
        self.assertEqual(self.server.call("GET", "/queue?" + "x" * 9000).status, 431)

    def test_what_is_not_http(self):
        for data in (b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET /queue HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                     b"GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                     b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
            self.assertRegex(self.server.raw(data), rb"^HTTP/1\.1 (400|404) ", data)
        self.assertEqual(self.server.call("GET", "/status/health").status, 200)

    def test_a_request_that_ends_in_the_middle_submits_nothing(self):
        with self.server.connect() as connection:
            body = json.dumps(job_of(TASK)).encode()
            head = b"POST /queue HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (len(body) + 1)
            connection.sendall(head + body)
            connection.shutdown(1)
            self.assertNotIn(b"HTTP/1.1 200", read_to_end(connection))
        self.assertEqual(self.server.call("GET", "/queue").json["entries"], 0)

    def test_connections_over_the_limit_are_refused_in_words(self):
        server = Farm(self).server("--max-connections", "2")
        with server.events(), server.events():
            with server.connect() as refused:
                self.assertTrue(read_to_end(refused).startswith(b"HTTP/1.1 503 "))
        eventually(lambda: server.call("GET", "/status/health").status == 200, "there is room again")

    def test_an_unknown_module_is_accepted_with_a_warning_and_waits(self):
        farm = Farm(self)
        server = farm.server()
        with server.events() as events:
            farm.worker(server.url)
            events.wait(lambda event: event.type == "worker" and event.data["online"], "the worker is known")
        reply = server.call("POST", "/queue", job_of(WAITS))
        self.assertEqual(reply.status, 200)
        self.assertIn("teleport", reply.json["warnings"][0])
        job = server.job(reply.json["job_id"])
        self.assertEqual(job["state"], "queued")
        self.assertIn("teleport", job["waiting_for"])
        shown = farm.run("show", reply.json["job_id"], "--server", server.url)
        self.assertIn("teleport", shown.stdout)
        other = server.submit(job_of(encode_task(clip(), farm.path("film.mkv"))))
        server.wait_state(other, "completed")


class Jobs(unittest.TestCase):
    """A job that cannot be run fails, says why, and leaves the worker ready for the next one."""

    def setUp(self):
        self.farm = Farm(self)
        self.output = self.farm.path("film.mkv")
        self.server = self.farm.server()

    def assert_fails(self, task, *words, before=()):
        job_id = self.server.submit(job_of(*before, task))
        job = self.server.wait_state(job_id, "failed")
        for word in words:
            self.assertIn(word, job["message"])
        self.assertEqual(hidden_folders(self.farm.folder), [])
        self.assertEqual(job["attempt"], 1)
        return job

    def assert_worker_goes_on(self):
        path = self.farm.path("next.mkv")
        self.server.wait_state(self.server.submit(job_of(encode_task(clip(), path))), "completed")
        probe_media(path)


class JobsOfAReadyWorker(Jobs):
    def setUp(self):
        super().setUp()
        self.farm.worker(self.server.url)

    def test_a_missing_source(self):
        missing = self.farm.path("missing.mkv")
        self.assert_fails(encode_task(missing, self.output), "/tasks/0/data/sources/0", missing, "does not exist")
        self.assert_worker_goes_on()

    def test_a_fault_in_a_later_task_is_found_before_the_first_one_runs(self):
        first = encode_task(clip(), self.farm.path("first.mkv"))
        second = encode_task(self.farm.path("missing.mkv"), self.output)
        self.assert_fails(second, "/tasks/1/data/sources/0", before=[first])
        self.assertFalse(os.path.exists(self.farm.path("first.mkv")))

    def test_a_source_that_is_a_folder(self):
        self.assert_fails(encode_task(self.farm.folder, self.output), "/tasks/0/data/sources/0", "is a folder")

    def test_a_source_that_is_not_media(self):
        source = self.farm.write("notes.txt", "not a film")
        self.assert_fails(encode_task(source, self.output), "/tasks/0/data/sources/0", source)
        self.assertEqual(pathlib.Path(source).read_text(encoding="utf-8"), "not a film")

    def test_an_unknown_option_set(self):
        maps = [{"specifier": "v", "stream": 0, "option_set": "anime"}]
        self.assert_fails(encode_task(clip(), self.output, output_maps=maps), "/tasks/0/data/output_maps/0", '"anime"')

    def test_an_unknown_member_of_the_data(self):
        self.assert_fails(encode_task(clip(), self.output, ouput_file="typo"), "/tasks/0/data", "ouput_file")

    def test_a_stream_that_the_source_does_not_have(self):
        maps = [{"source": 0, "specifier": "s", "stream": 0}]
        self.assert_fails(encode_task(clip(), self.output, source_maps=maps), "/tasks/0/data/source_maps/0", "subtitle")

    def test_an_output_folder_that_is_missing(self):
        folder = self.farm.path("no", "such")
        self.assert_fails(encode_task(clip(), os.path.join(folder, "film.mkv")), "/tasks/0/data/output_file", folder)

    def test_an_output_folder_that_cannot_be_written(self):
        folder = self.unwritable_folder()
        self.assert_fails(encode_task(clip(), os.path.join(folder, "film.mkv")), "/tasks/0/data/output_file", folder,
                          "not writable")

    def unwritable_folder(self):
        if os.geteuid() == 0:  # the mode of a folder says nothing to root
            folder = small_disk(self, "1m")
            remount(folder, "ro")
            return folder
        folder = self.farm.path("closed")
        os.mkdir(folder, 0o555)
        return folder

    def test_an_existing_output_is_not_touched_without_overwrite(self):
        self.farm.write("film.mkv", "precious")
        self.assert_fails(encode_task(clip(), self.output), "/tasks/0/data/output_file", self.output, "overwrite")
        self.assertEqual(pathlib.Path(self.output).read_text(encoding="utf-8"), "precious")

    def test_an_existing_output_outlives_an_encode_that_fails(self):
        self.farm.write("film.mkv", "precious")
        maps = [{"specifier": "v", "stream": 0, "options": {"codec": "libx264", "preset": "nonsense"}}]
        job = self.assert_fails(encode_task(clip(), self.output, output_maps=maps, overwrite=True), "exit code",
                                "nonsense")
        self.assertIn("nonsense", job["info"]["stderr"])
        self.assertEqual(pathlib.Path(self.output).read_text(encoding="utf-8"), "precious")
        self.assert_worker_goes_on()

    def test_an_output_that_appears_during_the_encode_is_not_touched(self):
        options = {"codec": "libx264", "preset": "ultrafast", "tune": "zerolatency"}
        task = encode_task(clip(), self.output, input_options={"re": True},
                           output_maps=[{"specifier": "v", "stream": 0, "options": options}])
        job_id = self.server.submit(job_of(task))
        self.server.wait_progress(job_id)
        self.farm.write("film.mkv", "precious")
        self.assertIn(self.output, self.server.wait_state(job_id, "failed")["message"])
        self.assertEqual(pathlib.Path(self.output).read_text(encoding="utf-8"), "precious")
        self.assertEqual(hidden_folders(self.farm.folder), [])

    def test_an_output_that_is_its_own_source(self):
        os.symlink(clip(), self.farm.path("source.mkv"))
        size = os.path.getsize(clip())
        self.assert_fails(encode_task(self.farm.path("source.mkv"), self.farm.path("source.mkv"), overwrite=True),
                          "/tasks/0/data/output_file", "source")
        self.assertEqual(os.path.getsize(clip()), size)

    def test_a_cleanup_after_a_failure_does_not_run(self):
        precious = self.farm.write("precious.txt", "keep me")
        maps = [{"specifier": "v", "stream": 0, "options": {"codec": "nonsense"}}]
        job_id = self.server.submit(job_of(encode_task(clip(), self.output, output_maps=maps),
                                           {"module": "cleanup", "data": {"delete": [precious]}}))
        self.server.wait_state(job_id, "failed")
        self.assertTrue(os.path.exists(precious))

    def test_a_disk_that_is_full_is_tried_again_and_succeeds_when_there_is_room(self):
        disk = small_disk(self, "64k")
        output = os.path.join(disk, "film.mkv")
        maps = [{"specifier": "v", "stream": 0, "options": {"codec": "rawvideo"}}]
        job_id = self.server.submit(job_of(encode_task(clip(), output, output_maps=maps)))
        with self.server.events(f"/jobs/{job_id}/events") as events:
            again = events.wait(lambda event: event.type == "state" and event.data["state"] == "queued" and
                                event.data["attempt"] == 1, "queued again")
        self.assertIn("no space left", again.data["message"].lower())
        self.assertEqual(os.listdir(disk), [])
        remount(disk, "size=64m")
        self.assertEqual(self.server.wait_state(job_id, "completed")["attempt"], 2)
        probe_media(output)


class JobsWithOddTools(Jobs):
    def test_a_missing_program_is_named(self):
        self.farm.worker(self.server.url, environment={"PATH": self.farm.path("nothing")})
        self.assert_fails(encode_task(clip(), self.output), "ffmpeg", "PATH")


    def test_a_tool_whose_last_words_are_no_utf8_is_quoted_all_the_same(self):
        self.farm.worker(self.server.url, environment=self.farm.fake_ffmpeg("not-utf8"))
        job = self.assert_fails(encode_task(clip(), self.output), "exit code 5", "na\u00efve")
        self.assertIn("caf", job["info"]["stderr"])

    def test_a_tool_that_ends_well_and_wrote_nothing(self):
        self.farm.worker(self.server.url, environment=self.farm.fake_ffmpeg("exit", "0"))
        self.assert_fails(encode_task(clip(), self.output), "did not write", self.output)

    def test_a_tool_that_says_very_much_is_told_by_its_last_words(self):
        self.farm.worker(self.server.url, environment=self.farm.fake_ffmpeg("noisy", "5000000"))
        job = self.assert_fails(encode_task(clip(), self.output), "did not write")
        self.assertLess(len(json.dumps(job)), 100_000)


class RunHere(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)

    def test_a_module_that_is_not_here_is_refused_with_the_list_of_those_that_are(self):
        done = self.farm.run("run", "-", stdin=json.dumps(job_of(WAITS)))
        self.assertEqual(done.returncode, 2)
        for word in ("teleport", "ffmpeg", "cleanup"):
            self.assertIn(word, done.stderr)

    def test_what_a_job_requires_of_a_worker_is_taken_for_granted(self):
        output = self.farm.path("film.mkv")
        needs = {"labels": ["nvenc"], "resources": {"gpu": 2}}
        done = self.farm.run("run", "-", stdin=json.dumps(job_of(encode_task(clip(), output), requires=needs)))
        self.assertEqual(done.returncode, 0, done.stderr)
        probe_media(output)


if __name__ == "__main__":
    unittest.main()
