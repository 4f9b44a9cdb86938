"""The load generator of the benchmarks: each job comes out exactly once, and it says so when one does not."""

import json
import os
import subprocess
import unittest

from farm import Farm

LOAD_GENERATOR = os.environ["SISYPHUS_LOAD_GENERATOR"]


class Load(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        self.server = self.farm.server()

    def load(self, **flags):
        command = [LOAD_GENERATOR, "--port", str(self.server.port), "--pid", str(self.server.pid)]
        for name, value in flags.items():
            command += [f"--{name}", str(value)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.returncode, json.loads(done.stdout)

    def assert_all_came_out(self, code, line, jobs):
        self.assertEqual((code, line["errors"], line["exactly_once"]), (0, 0, True), line)
        self.assertEqual(line["finish"]["count"], jobs)

    def test_every_job_of_sixteen_connections_comes_out_exactly_once(self):
        code, line = self.load(phase="lifecycle", jobs=800)
        self.assert_all_came_out(code, line, 800)
        self.assertGreater(line["server_cpu_us_per_job"], 0)
        self.assertEqual(self.server.call("GET", "/queue").json["entries"], 0)

    def test_jobs_in_batches_come_out_exactly_once(self):
        code, line = self.load(phase="lifecycle", jobs=1000, batch=50, connections=4)
        self.assert_all_came_out(code, line, line["finish"]["count"])
        self.assertGreaterEqual(line["finish"]["count"], 20)

    def test_what_waits_is_drained(self):
        self.load(phase="submit", jobs=300, batch=100)
        self.assertEqual(self.server.call("GET", "/queue").json["entries"], 300)
        code, line = self.load(phase="drain", jobs=300)
        self.assert_all_came_out(code, line, 300)

    def test_a_job_that_comes_out_twice_is_told(self):
        for _ in range(2):
            self.load(phase="submit", jobs=5)
        code, line = self.load(phase="drain", jobs=10)
        self.assertEqual((code, line["exactly_once"]), (1, False), line)
        self.assertIn("5 jobs came out, expected 10; 5 of them more than once", line["complaint"])


if __name__ == "__main__":
    unittest.main()
