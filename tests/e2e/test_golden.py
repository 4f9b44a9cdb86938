"""`sisyphus plan` prints the vector of every golden case, on the files that the cases name."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

BINARY = os.environ["SISYPHUS_BINARY"]
GOLDEN = pathlib.Path(os.environ["SISYPHUS_SOURCE_DIR"], "tests", "golden")
DEADLINE = 120  # seconds that any one command may take on a busy machine


class Golden(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sisyphus-golden-")
        self.addCleanup(folder.cleanup)
        self.media = pathlib.Path(folder.name, "media")
        self.sets = pathlib.Path(folder.name, "sets")
        self.sets.mkdir()
        subprocess.run(["bash", GOLDEN / "make_media.sh", self.media], check=True, timeout=DEADLINE)

    def plan(self, case):
        """(exit code, the task as planned)"""
        flags = []
        for name, options in case.get("option_sets", {}).items():
            path = self.sets / f"{name}.json"
            path.write_text(json.dumps({"name": name, "options": options}), encoding="utf-8")
            flags += ["--option-set", f"{name}={path}"]
        job = json.dumps({"job_title": case["name"], "tasks": [{"module": case["module"], "data": case["data"]}]})
        done = subprocess.run([BINARY, "plan", "-", "--json", *flags], input=job.encode(), cwd=self.media,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=DEADLINE)
        (task,) = json.loads(done.stdout)["tasks"]
        return done.returncode, task

    def contents(self):
        return {path: path.stat().st_mtime_ns for path in self.media.rglob("*")}

    def test_every_vector_is_printed_and_no_file_is_touched(self):
        before = self.contents()
        paths = sorted(GOLDEN.glob("*.json"))
        self.assertGreaterEqual(len(paths), 40)
        for path in paths:
            case = json.loads(path.read_text(encoding="utf-8").replace("${DIR}", str(self.media)))
            expected = case["right_argv"] if case["upstream_bug"] else case["argv"]
            with self.subTest(path.name):
                code, task = self.plan(case)
                self.assertEqual(task["argv"], expected)
                self.assertEqual(code, 2 if expected is None else 0)
                self.assertEqual("error" in task, expected is None)
        self.assertEqual(self.contents(), before)


if __name__ == "__main__":
    unittest.main()
