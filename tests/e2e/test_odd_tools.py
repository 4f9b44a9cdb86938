"""Programs that do not behave, each in the place of a real one below a real worker: the job gets an end that says why,
the worker keeps its memory, its words and its slot, and nothing of the program is left."""

import json
import os
import pathlib
import re
import signal
import unittest

from farm import Farm, clip, encode_task, encoders_of, eventually, hidden_folders, job_of, process_state, wait_until_gone

PROGRAMS = ("ffmpeg", "HandBrakeCLI", "mkvmerge", "mkvextract")


class OddTools(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        self.server = self.farm.server()
        self.output = self.farm.path("film.mkv")

    def start(self, program, *mode):
        self.worker = self.farm.worker(self.server.url, environment=self.farm.fake_program(program, *mode))

    def task(self, program):
        if program == "ffmpeg":
            return encode_task(clip(), self.output)
        if program == "HandBrakeCLI":
            return {"module": "handbrake", "data": {"source": clip(), "output_file": self.output}}
        if program == "mkvmerge":
            return {"module": "mkvmerge", "data": {
                "sources": [{"filename": clip()}], "tracks": [{"source": 0, "track": 0}], "output_file": self.output}}
        return {"module": "mkvextract", "data": {"source": clip(), "tracks": [{"id": 0, "filename": self.output}]}}

    def fail_with(self, program, *mode, **members):
        """A job whose program is the fake tool in this mode; the job, failed."""
        self.start(program, *mode)
        try:
            job_id = self.server.submit(job_of(self.task(program), **members))
            job = self.server.wait_state(job_id, "failed")
            self.assert_clean(job_id)
        finally:
            self.worker.stop()
        return job

    def assert_clean(self, job_id):
        eventually(lambda: not encoders_of(job_id), "nothing of the tool is left")
        self.assertEqual(hidden_folders(self.farm.folder), [])
        self.assertFalse(os.path.exists(self.output))
        # The slot is free, and the worker as good as before.
        copy = {"module": "cleanup", "data": {"copy": [{"source": clip(), "destination": self.farm.path("copy")}]}}
        self.server.wait_state(self.server.submit(job_of(copy)), "completed")

    def peak_memory(self):
        """KiB that the worker has ever had."""
        status = pathlib.Path("/proc", str(self.worker.pid), "status").read_text(encoding="utf-8")
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))


class HowItEnds(OddTools):
    def test_an_exit_code_fails_the_job_at_once(self):
        for program in PROGRAMS:
            with self.subTest(program=program):
                job = self.fail_with(program, "exit", "7")
                self.assertIn(f"{program} ended with exit code 7", job["message"])
                self.assertEqual(job["attempt"], 1)

    def test_death_by_signal_is_tried_again_as_often_as_attempts_are_left(self):
        job = self.fail_with("ffmpeg", "die-by", str(int(signal.SIGSEGV)), max_attempts=2)
        self.assertIn("signal 11 (Segmentation fault)", job["message"])
        self.assertEqual(job["attempt"], 2)

    def test_pipes_that_are_closed_early_are_not_the_end(self):
        job = self.fail_with("ffmpeg", "close-pipes")
        self.assertIn("exit code 7", job["message"])

    def test_a_grandchild_that_holds_the_pipe_is_ended(self):
        job = self.fail_with("ffmpeg", "grandchild-holds-pipe")
        self.assertIn("did not write", job["message"])

    def test_one_that_reads_no_standard_input(self):
        job = self.fail_with("ffmpeg", "no-stdin")
        self.assertIn("did not write", job["message"])

    def test_one_that_stopped_itself_is_cancelled(self):
        self.start("ffmpeg", "stops-itself")
        job_id = self.server.submit(job_of(self.task("ffmpeg")))
        tool = eventually(lambda: [pid for pid in self.farm.descendants() if self.is_stopped(pid)], "it stops")[0]
        self.assertEqual(self.server.call("POST", f"/jobs/{job_id}/cancel").json["state"], "cancelling")
        self.server.wait_state(job_id, "cancelled")
        wait_until_gone(tool)
        self.assert_clean(job_id)

    @staticmethod
    def is_stopped(pid):
        try:
            return process_state(pid) == "T"
        except (FileNotFoundError, ProcessLookupError):
            return False


class WhatItSays(OddTools):
    def test_malformed_progress(self):
        for program in PROGRAMS:
            with self.subTest(program=program), self.server.events() as events:
                job = self.fail_with(program, "odd-progress", "0")
                self.assertIn("did not write", job["message"])
                # Every event was read as UTF-8 and as JSON, or there would be no end here.
                mine = [event.data for event in events.seen if event.data.get("job_id") == job["job_id"]]
                percents = [told["progress"]["percent"] for told in mine if "percent" in told.get("progress", {})]
                self.assertEqual(percents, sorted(percents))
                self.assertTrue(all(0 <= percent <= 100 for percent in percents), percents)

    def test_words_that_are_no_utf8_on_standard_output_are_quoted(self):
        for program in ("mkvmerge", "mkvextract"):
            with self.subTest(program=program):
                job = self.fail_with(program, "odd-progress", "2")
                self.assertIn("na\ufffdve \ufffd", job["message"])
                self.assertTrue(any("caf\ufffd" in warning for warning in job["info"]["warnings"]), job)

    def test_words_that_are_no_utf8_on_standard_error_are_quoted(self):
        for program in PROGRAMS:
            with self.subTest(program=program):
                job = self.fail_with(program, "not-utf8")
                self.assertIn("exit code 5", job["message"])
                self.assertIn("caf\ufffd na\u00efve \ufffd", job["info"]["stderr"])

    def test_gigabytes_on_standard_error_take_no_memory(self):
        self.assert_memory_stays("noisy", str(2_000_000_000))

    def test_a_line_that_never_ends_takes_no_memory(self):
        self.assert_memory_stays("endless-line", str(500_000_000))

    def assert_memory_stays(self, *mode):
        self.start("ffmpeg", *mode)
        before = self.peak_memory()
        job_id = self.server.submit(job_of(self.task("ffmpeg")))
        job = self.server.wait_state(job_id, "failed")
        self.assertLess(self.peak_memory() - before, 300_000)  # KiB; sanitizers keep what was freed
        self.assertLess(len(json.dumps(job)), 100_000)
        self.assert_clean(job_id)


if __name__ == "__main__":
    unittest.main()
