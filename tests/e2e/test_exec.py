"""Modules that are any program: the examples, and programs that misbehave."""

import json
import os
import pathlib
import re
import unittest
import xml.etree.ElementTree

from farm import (FAKE_TOOL, Farm, clip, encode_task, eventually, hidden_folders, job_of, probe_media, process_state,
                  wait_until_gone)

EXAMPLES = os.path.join(os.environ["SISYPHUS_SOURCE_DIR"], "config", "modules.d")


def task(module, **data):
    return {"module": module, "data": data}


class ExecTest(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        os.mkdir(self.farm.path("modules.d"))

    def manifest(self, name, *command, **members):
        """A module of any data; without a command the fake tool in its mode `name`."""
        manifest = {"name": name, "description": "a test", "command": list(command) or [FAKE_TOOL, name],
                    "schema": {"properties": {"out": {"type": "string"}}}}
        self.farm.write(f"modules.d/{name}.json", manifest | members)

    def script(self, name, text, **members):
        """A module that is a shell script."""
        path = self.farm.write(f"modules.d/{name}.sh", "#!/bin/sh\n" + text)
        os.chmod(path, 0o755)
        self.manifest(name, f"./{name}.sh", **members)

    def start(self, *flags, modules=None, server_flags=()):
        self.server = self.farm.server(*server_flags)
        self.worker = self.farm.worker(self.server.url, "--modules-dir", modules or self.farm.path("modules.d"), *flags)

    def submit(self, *tasks, **members):
        return self.server.submit(job_of(*tasks, **members))

    def run_job(self, *tasks, state="completed", **members):
        return self.server.wait_state(self.submit(*tasks, **members), state)

    def read(self, name):
        return pathlib.Path(self.farm.path(name)).read_text(encoding="utf-8")


class Examples(ExecTest):
    def test_poster_and_nfo_of_what_an_earlier_task_encodes(self):
        self.start(modules=EXAMPLES)
        film = "film 'of' $HOME; %d.mkv"
        job = self.run_job(encode_task(clip(), self.farm.path(film)),
                           task("poster", source=film, output_file="a %d's.jpg", at_percent=50, width=160),
                           task("nfo", source=film, output_file="a.nfo", title="Tom & <Jerry>", year=1940))
        os.symlink(self.farm.path("a %d's.jpg"), self.farm.path("plain.jpg"))  # to ffprobe the % is a pattern
        picture = probe_media(self.farm.path("plain.jpg"))["streams"][0]
        self.assertEqual((picture["codec_name"], picture["width"], picture["height"]), ("mjpeg", 160, 90))
        movie = xml.etree.ElementTree.parse(self.farm.path("a.nfo")).getroot()
        self.assertEqual(movie.findtext("title"), "Tom & <Jerry>")
        self.assertEqual(movie.findtext("year"), "1940")
        self.assertEqual(movie.findtext("fileinfo/streamdetails/video/height"), "180")
        self.assertEqual(movie.findtext("fileinfo/streamdetails/video/durationinseconds"), "2")
        self.assertEqual(job["info"]["results"], [{"task": 1, "module": "poster", "second": 1},
                                                  {"task": 2, "module": "nfo", "seconds": 2.0, "streams": 1}])
        self.assertEqual(job["info"]["outputs"], [self.farm.path(name) for name in (film, "a %d's.jpg", "a.nfo")])
        self.assertEqual(hidden_folders(self.farm.folder), [])

    def test_their_failure_tells_what_their_tools_said(self):
        self.start(modules=EXAMPLES)
        self.farm.write("text.mkv", "no film")
        for module, extra in (("poster", {"output_file": "a.png"}), ("nfo", {"output_file": "a.nfo", "title": "T"})):
            with self.subTest(module):
                job = self.run_job(task(module, source="text.mkv", **extra), state="failed")
                self.assertIn("Invalid data found when processing input", job["message"])
                self.assertFalse(os.path.exists(self.farm.path(extra["output_file"])))

    def test_their_data_is_checked_like_that_of_any_module(self):
        os.symlink(clip(), self.farm.path("in.mkv"))
        job = self.farm.write("job.json", job_of(
            task("poster", source="in.mkv", output_file="a.bmp", at_percent=100),
            task("nfo", source="gone.mkv", output_file="b.nfo", title="T"),
            task("nfo", source="in.mkv", output_file="b.nfo", title="T"),
            task("poster", source="in.mkv", output_file="in.mkv.jpg"),
            task("nfo", source="in.mkv.jpg", output_file="c.nfo", title="T")))
        checked = self.farm.run("validate", "--json", "--modules-dir", EXAMPLES, job)
        at = self.farm.path
        self.assertEqual((checked.returncode, checked.stderr), (2, ""))
        self.assertEqual(json.loads(checked.stdout)["problems"], [
            {"pointer": "/tasks/0/data/output_file",
             "message": "found the string \"a.bmp\", expected the path of the picture; .jpg, .png or .webp says of what "
                        "kind"},
            {"pointer": "/tasks/0/data/at_percent", "message": "found the number 100, expected at most 99"},
            {"pointer": "/tasks/1/data/source", "message": f"{at('gone.mkv')} does not exist"},
            {"pointer": "/tasks/2/data", "message": f"{at('b.nfo')} is written by task 2 already"}])

    def test_run_and_plan_and_schema_know_them(self):
        os.symlink(clip(), self.farm.path("in.mkv"))
        job = self.farm.write("job.json", job_of(task("nfo", source="in.mkv", output_file="a.nfo", title="T")))
        listed = self.farm.run("schema", environment={"SISYPHUS_MODULES_DIR": EXAMPLES})
        self.assertEqual(listed.stdout.split(), ["cleanup", "ffmpeg", "handbrake", "mkvextract", "mkvmerge", "nfo",
                                                 "poster", "verify"])
        shown = self.farm.run("schema", "--modules-dir", EXAMPLES, "nfo")
        self.assertEqual(json.loads(shown.stdout)["required"], ["source", "output_file", "title"])
        planned = self.farm.run("plan", "--json", "--modules-dir", EXAMPLES, job)
        self.assertEqual(json.loads(planned.stdout)["tasks"], [
            {"module": "nfo", "argv": None, "run_argv": [f"{EXAMPLES}/nfo.py"], "inputs": [self.farm.path("in.mkv")],
             "outputs": [self.farm.path("a.nfo")], "resources": {}}])
        ran = self.farm.run("run", "--modules-dir", EXAMPLES, job)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("<title>T</title>", self.read("a.nfo"))


class Settings(ExecTest):
    def test_a_bad_manifest_keeps_every_command_from_starting(self):
        self.manifest("broken", timeout_s=0)
        job = self.farm.write("job.json", job_of(task("broken")))
        worker = ["worker", "--server", "http://127.0.0.1:1", "--state-dir", self.farm.path("state")]
        for command in (worker, ["run", job], ["plan", job], ["validate", job], ["schema"]):
            with self.subTest(command[0]):
                ended = self.farm.run(*command, "--modules-dir", "modules.d")
                self.assertEqual(ended.returncode, 2)
                self.assertEqual(ended.stderr, f"sisyphus: {self.farm.path('modules.d/broken.json')}: /timeout_s: "
                                               "found the number 0, expected more than 0\n")

    def test_manifests_have_a_schema_of_their_own(self):
        shown = json.loads(self.farm.run("schema", "exec.manifest").stdout)
        self.assertEqual(shown["required"], ["name", "description", "command", "schema"])
        server = self.farm.server()
        self.assertEqual([module["name"] for module in server.call("GET", "/modules").json["modules"]],
                         ["cleanup", "ffmpeg", "handbrake", "mkvextract", "mkvmerge", "verify"])

    def test_a_worker_offers_its_modules_and_jobs_go_to_it(self):
        self.script("greet", "cat > \"$0.told\"\n")
        self.start()
        other = self.farm.worker(self.server.url, "--slots", "8", name="other")
        job = self.run_job(task("greet", to="Müller", number=19.0))
        self.assertNotEqual(job["info"]["worker_id"], other.id)
        self.assertEqual(json.loads(self.read("modules.d/greet.sh.told")), {"to": "Müller", "number": 19.0})
        workers = self.server.call("GET", "/workers").json["workers"]
        offered = {worker["worker_id"]: worker["info"]["modules"] for worker in workers}
        self.assertIn("greet", offered[self.worker.id])
        self.assertNotIn("greet", offered[other.id])

    def test_a_program_runs_in_the_work_folder_with_the_workers_environment(self):
        self.script("look", "pwd > \"$0.told\"; echo \"$GREETING\" >> \"$0.told\"\n")
        self.server = self.farm.server()
        self.farm.worker(self.server.url, "--modules-dir", self.farm.path("modules.d"),
                         environment={"GREETING": "good morning"})
        self.run_job(task("look"))
        self.assertEqual(self.read("modules.d/look.sh.told"), f"{self.farm.folder}\ngood morning\n")


class Outputs(ExecTest):
    WRITER = "out=$(jq -r .out)\necho begun > \"$out\"\n"

    def test_an_output_appears_when_the_program_has_ended_well(self):
        self.script("writer", self.WRITER + "echo '{\"phase\": \"ready\"}'\nread line < \"$0.go\"\n", outputs=["/out"])
        os.mkfifo(self.farm.path("modules.d/writer.sh.go"))
        self.start()
        job_id = self.submit(task("writer", out="a.txt"))
        with self.server.events(f"/jobs/{job_id}/events") as events:
            events.wait(lambda event: event.type == "progress" and event.data["progress"].get("phase") == "ready",
                        "the program has written")
        self.assertFalse(os.path.exists(self.farm.path("a.txt")))
        self.assertEqual(len(hidden_folders(self.farm.folder)), 1)
        with open(self.farm.path("modules.d/writer.sh.go"), "w", encoding="utf-8") as go:
            go.write("go\n")
        self.server.wait_state(job_id, "completed")
        self.assertEqual(self.read("a.txt"), "begun\n")

    def test_of_a_failed_program_none_appears(self):
        self.script("writer", self.WRITER + "exit 3\n", outputs=["/out"])
        self.start()
        self.run_job(task("writer", out="a.txt"), state="failed")
        self.assertFalse(os.path.exists(self.farm.path("a.txt")))
        self.assertEqual(hidden_folders(self.farm.folder), [])

    def test_a_program_that_did_not_write_its_output_has_failed(self):
        self.script("writer", "cat > /dev/null\n", outputs=["/out"])
        self.start()
        job = self.run_job(task("writer", out="a.txt"), state="failed")
        self.assertIn(f"did not write {self.farm.path('a.txt')}", job["message"])


class Endings(ExecTest):
    def test_an_exit_code_is_final_and_told_with_what_the_program_said(self):
        self.script("fails", "echo on standard output\necho '{\"message\": \"as a message\"}'\n"
                             "echo on standard error >&2\nexit 3\n")
        self.start()
        job = self.run_job(task("fails"), state="failed", max_attempts=3)
        self.assertEqual(job["message"], f"task 1 (fails): {self.farm.path('modules.d/fails.sh')} ended with exit code 3:\n"
                                         "on standard output\nas a message:\non standard error\n")
        self.assertEqual(job["attempt"], 1)

    def test_death_by_a_signal_is_tried_again(self):
        self.script("dies-once", "[ -e \"$0.died\" ] && exit 0\n: > \"$0.died\"\nkill -SEGV $$\n")
        self.start()
        job = self.run_job(task("dies-once"), max_attempts=2)
        self.assertEqual(job["attempt"], 2)

    def test_death_by_a_signal_is_told_when_no_attempt_is_left(self):
        self.manifest("die-by", FAKE_TOOL, "die-by", "9")
        self.start()
        job = self.run_job(task("die-by"), state="failed", max_attempts=1)
        self.assertIn(f"{FAKE_TOOL} was ended by signal 9 (Killed)", job["message"])

    def test_a_program_that_is_gone_is_told_before_anything_runs(self):
        self.script("first", ": > \"$0.ran\"\n")
        self.script("second", "true\n")
        self.start()
        os.remove(self.farm.path("modules.d/second.sh"))
        job = self.run_job(task("first"), task("second"), state="failed")
        self.assertIn(f"there is no executable {self.farm.path('modules.d/second.sh')}", job["message"])
        self.assertFalse(os.path.exists(self.farm.path("modules.d/first.sh.ran")))


class Stopping(ExecTest):
    def tool(self, *mode, **members):
        """The module `tool`, the fake tool whose words go into a file; the process once it is ready."""
        self.script("tool", f"exec '{FAKE_TOOL}' {' '.join(mode)} > \"$0.told\"\n", **members)

    def tool_pid(self):
        def pid():
            try:
                return re.match(r"pid (\d+)\nready\n", self.read("modules.d/tool.sh.told"))
            except FileNotFoundError:
                return None
        return int(eventually(pid, "the tool is ready").group(1))

    def cancel(self, job_id):
        self.assertEqual(self.server.call("POST", f"/jobs/{job_id}/cancel").status, 200)
        return self.server.wait_state(job_id, "cancelled")

    def test_cancel_asks_with_sigterm_first(self):
        self.tool("exit-on-term", "0")
        self.start("--cancel-grace", "1000")  # only SIGTERM can have ended it
        job_id = self.submit(task("tool"))
        pid = self.tool_pid()
        self.cancel(job_id)
        wait_until_gone(pid)

    def test_cancel_kills_what_ignores_sigterm_after_the_grace(self):
        self.tool("ignore-term")
        self.start("--cancel-grace", "0.3")
        job_id = self.submit(task("tool"))
        pid = self.tool_pid()
        self.cancel(job_id)
        self.assertFalse(os.path.exists(f"/proc/{pid}"))
        self.assertEqual(self.worker.popen.poll(), None)

    def test_a_paused_program_can_be_cancelled_kindly(self):
        self.tool("exit-on-term", "0")
        self.start("--cancel-grace", "1000")
        job_id = self.submit(task("tool"))
        pid = self.tool_pid()
        self.server.call("POST", f"/jobs/{job_id}/pause")
        eventually(lambda: process_state(pid) == "T", "the tool is stopped")
        self.cancel(job_id)
        wait_until_gone(pid)

    def test_the_modules_timeout_ends_a_task(self):
        self.tool("hang", timeout_s=0.3)
        self.start()
        job = self.run_job(task("tool"), state="failed", timeout_s=1000, max_attempts=3)
        self.assertEqual(job["message"], "task 1 (tool): the task took longer than the timeout_s of its module")
        self.assertEqual(job["attempt"], 1)
        wait_until_gone(self.tool_pid())

    def test_the_jobs_timeout_is_told_apart(self):
        self.tool("hang", timeout_s=1000)
        self.start()
        job = self.run_job(task("tool"), state="failed", timeout_s=0.3)
        self.assertEqual(job["message"], "task 1 (tool): the job took longer than its timeout_s")

    def test_the_modules_timeout_is_of_each_task_alone(self):
        self.script("naps", "sleep 1\n", timeout_s=1.9)
        self.start()
        self.run_job(task("naps"), task("naps"))

    def test_a_pause_stops_the_modules_timeout(self):
        self.tool("hang", timeout_s=2)
        self.start()
        job_id = self.submit(task("tool"))
        pid = self.tool_pid()
        self.server.call("POST", f"/jobs/{job_id}/pause")
        eventually(lambda: process_state(pid) == "T", "the tool is stopped")
        # Another worker measures the time: its job has the same limit, and began later.
        self.farm.worker(self.server.url, "--modules-dir", self.farm.path("modules.d"), name="other")
        self.run_job(task("tool"), state="failed")
        self.assertEqual(self.server.job(job_id)["state"], "paused")
        self.server.call("POST", f"/jobs/{job_id}/resume")
        self.server.wait_state(job_id, "failed")


class Misbehaviour(ExecTest):
    def memory_peak(self):
        return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{self.worker.pid}/status").read_text())[1])

    def test_gigabytes_on_standard_error_do_not_grow_the_worker(self):
        self.manifest("noisy", FAKE_TOOL, "noisy", "2000000000")
        self.manifest("exit", FAKE_TOOL, "exit", "0")
        self.start()
        self.run_job(task("exit"))
        before = self.memory_peak()
        self.run_job(task("noisy"))
        self.assertLess(self.memory_peak() - before, 32_000)

    def test_output_that_is_not_utf8_is_told_as_far_as_it_goes(self):
        self.manifest("not-utf8")
        self.start()
        job = self.run_job(task("not-utf8"), state="failed")
        self.assertTrue(job["message"].endswith("ended with exit code 5:\ncaf\ufffd naïve \ufffd\n"), job["message"])

    def test_a_program_need_not_read_its_data(self):
        self.manifest("no-stdin")
        self.start(server_flags=("--max-body", "10"))
        self.run_job(task("no-stdin", filler="x" * 8 * 1024 * 1024))
        self.assertFalse(self.worker.has_logged("input_not_written"))

    def test_all_of_large_data_arrives(self):
        self.script("count", "wc -c > \"$0.told\"\n")
        self.start(server_flags=("--max-body", "10"))
        self.run_job(task("count", filler="x" * 8 * 1024 * 1024))
        self.assertEqual(int(self.read("modules.d/count.sh.told")), len('{"filler":""}') + 8 * 1024 * 1024)

    def test_a_grandchild_that_holds_the_pipe_is_ended(self):
        self.manifest("grandchild-holds-pipe")
        self.start()
        self.run_job(task("grandchild-holds-pipe"))
        self.assertEqual([pid for pid in self.farm.descendants()
                          if b"grandchild" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()], [])

    def test_malformed_progress_hurts_nobody(self):
        self.manifest("malformed-progress", FAKE_TOOL, "malformed-progress", "0")
        self.manifest("malformed-failing", FAKE_TOOL, "malformed-progress", "4")
        self.start()
        with self.server.events() as events:
            job = self.run_job(task("malformed-progress"))
            self.assertEqual(job["info"]["results"], [{"task": 0, "module": "malformed-progress", "answer": 42}])
            told = [event.data["progress"] for event in events.seen if event.type == "progress"]
            self.assertFalse([progress for progress in told if not 0 <= progress.get("percent", 0) <= 100])
        job = self.run_job(task("malformed-failing"), state="failed")
        self.assertIn("ended with exit code 4", job["message"])
        self.assertIn("results", job["info"])

    def test_progress_reaches_the_server(self):
        self.script("steps", "echo '{\"percent\": 40, \"frame\": 7, \"phase\": \"halfway\"}'\necho text\n"
                             "read line < \"$0.go\"\n")
        os.mkfifo(self.farm.path("modules.d/steps.sh.go"))
        self.start()
        job_id = self.submit(task("steps"))
        event = self.server.wait_progress(job_id)
        self.assertEqual(event.data["progress"], {"percent": 40, "frame": 7, "phase": "halfway"})
        with open(self.farm.path("modules.d/steps.sh.go"), "w", encoding="utf-8") as go:
            go.write("go\n")
        self.server.wait_state(job_id, "completed")


class Resources(ExecTest):
    def setUp(self):
        super().setUp()
        self.manifest("gpu-tool", FAKE_TOOL, "hang", resources={"gpu": 1})

    def test_jobs_whose_modules_take_the_same_resource_run_one_after_the_other(self):
        self.script("plain", "true\n")
        self.start("--slots", "2", "--resource", "gpu=1")
        first = self.submit(task("gpu-tool"))
        second = self.submit(task("gpu-tool"))
        self.server.wait_state(first, "running")
        self.run_job(task("plain"))  # goes by: the other slot is free, and was asked for
        self.assertEqual(self.server.job(second)["state"], "queued")
        self.server.call("POST", f"/jobs/{first}/cancel")
        self.server.wait_state(second, "running")
        self.assertEqual(self.server.job(first)["state"], "cancelled")

    def test_both_run_where_there_is_enough_for_both(self):
        self.start("--slots", "2", "--resource", "gpu=2")
        for job_id in [self.submit(task("gpu-tool")), self.submit(task("gpu-tool"))]:
            self.server.wait_state(job_id, "running")

    def test_what_a_document_requires_and_its_modules_take_is_not_added_up(self):
        self.start("--slots", "2", "--resource", "gpu=2")
        needs = {"resources": {"gpu": 1}}
        for job_id in [self.submit(task("gpu-tool"), requires=needs), self.submit(task("gpu-tool"))]:
            self.server.wait_state(job_id, "running")

    def test_a_worker_does_not_offer_a_module_that_it_has_not_the_resources_for(self):
        self.start("--slots", "2")
        self.worker.wait_log(r"module_not_offered module=gpu-tool: it takes gpu=1, the worker has none")
        job_id = self.submit(task("gpu-tool"))
        self.script("plain", "true\n")
        self.farm.worker(self.server.url, "--modules-dir", self.farm.path("modules.d"), name="plain")
        self.run_job(task("plain"))
        self.assertEqual(self.server.job(job_id)["state"], "queued")
        self.assertNotIn("gpu-tool", self.server.call("GET", f"/workers/{self.worker.id}").json["info"]["modules"])

    def test_run_has_room_for_what_the_modules_take(self):
        self.manifest("gpu-tool", FAKE_TOOL, "exit", "0", resources={"gpu": 7})
        job = self.farm.write("job.json", job_of(task("gpu-tool")))
        self.assertEqual(self.farm.run("run", "--modules-dir", "modules.d", job).returncode, 0)


if __name__ == "__main__":
    unittest.main()
