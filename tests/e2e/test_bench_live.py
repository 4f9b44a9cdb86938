"""The benchmark of a live box, very little of each part: what it checks holds, whatever the times are."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

from farm import BINARY, eventually, processes_where

BENCH = pathlib.Path(os.environ["SISYPHUS_SOURCE_DIR"], "bench")


class LiveBench(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sisyphus-bench-")
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name)

    def start(self, *arguments):
        argv = [sys.executable, "-B", "-m", "live", BINARY, os.environ["SISYPHUS_LOAD_GENERATOR"], self.out, "--smoke"]
        process = subprocess.Popen([*argv, *arguments], env=os.environ | {"PYTHONPATH": str(BENCH)}, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.stdout.close)
        return process

    def rows(self, *arguments):
        """What it measured, by name; nothing must be broken or left."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=240)
        self.assertEqual(process.returncode, 0, said)
        self.assertEqual(processes_where("cmdline", str(self.out)), [])
        self.assertFalse((self.out / "live-scratch").exists())
        rows = json.loads((self.out / "live.json").read_text(encoding="utf-8"))["rows"]
        for row in rows:
            self.assertIn(row["name"], said)
        return {row["name"].strip(): row for row in rows}

    def test_grants(self):
        rows = self.rows("grant")
        self.assertEqual(rows["submit to the grant at an idle poller"]["count"], 10)
        self.assertIn("p99", (self.out / "live.svg").read_text(encoding="utf-8"))

    def test_cancels_leave_nothing(self):
        rows = self.rows("cancel", "--cancels", "6")
        self.assertEqual(sum(row["value"] for name, row in rows.items() if "at random moments" in name), 6)
        self.assertEqual(rows["cancel to `cancelled` seen, one encode"]["count"], 2)

    def test_progress_reaches_a_subscriber_to_its_last_line(self):
        rows = self.rows("progress")
        self.assertGreater(rows["a block of progress to a subscriber, 2 encoders"]["count"], 2)
        self.assertLessEqual(rows["blocks that were shown"]["value"], 100)

    def test_overhead_of_one_pair(self):
        self.assertGreater(self.rows("overhead")["bare encode, median of 1"]["value"], 0)

    def test_a_flood_of_progress(self):
        self.assertGreater(self.rows("flood")["progress events at the subscriber"]["value"], 0)

    def test_a_crowd_gets_each_job_once(self):
        self.assertEqual(self.rows("crowd")["grants for each submit"]["value"], 1)

    def test_a_soak_of_workers_and_of_the_server(self):
        rows = self.rows("soak", "--jobs", "200")
        self.assertEqual((rows["jobs"]["value"], rows["ends and starts of the second worker"]["value"]), (200, 3))
        self.assertEqual(self.rows("soak", "--side", "server")["jobs"]["value"], 300)

    def test_ctrl_c_leaves_nothing(self):
        process = self.start("flood")
        scratch = str(self.out / "live-scratch")
        eventually(lambda: process.poll() is not None or len(processes_where("cmdline", scratch)) > 2,
                   "server, worker and encoders run")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, said)
        self.assertEqual(processes_where("cmdline", str(self.out)), [])


if __name__ == "__main__":
    unittest.main()
