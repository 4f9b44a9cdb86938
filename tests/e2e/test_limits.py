"""What a worker lets its tools take of its machine: processor, disk and memory."""

import pathlib
import unittest

from farm import Farm, clip, encode_task, encoders_of, endless_task, job_of


class ToolsOfALimitedWorker(unittest.TestCase):
    def test_ffmpeg_runs_with_what_the_flags_the_environment_and_the_file_say(self):
        farm = Farm(self)
        server = farm.server()
        config = farm.write("worker.toml", '[worker]\nmemory-limit = "3G"\n')
        worker = farm.worker(server.url, "--config", config, "--nice", "7",
                             environment={"SISYPHUS_IONICE": "best-effort:6"})
        job_id = server.submit(job_of(endless_task(clip(), farm.path("out.mkv"))))
        server.wait_progress(job_id)
        encoder, = encoders_of(job_id)
        self.assertEqual(nice_of(encoder), nice_of(worker.pid) + 7)
        self.assertRegex(pathlib.Path("/proc", str(encoder), "limits").read_text(),
                         r"Max data size +3221225472 +3221225472")
        server.call("POST", f"/jobs/{job_id}/cancel")
        server.wait_state(job_id, "cancelled")

    def test_an_encode_that_needs_more_memory_fails_and_names_the_limit(self):
        farm = Farm(self)
        server = farm.server()
        farm.worker(server.url, "--memory-limit", "64M")
        large = encode_task(clip(), farm.path("out.mkv"), output_maps=[
            {"specifier": "v", "stream": 0, "options": {"codec": "libx264", "preset": "ultrafast", "s": "3840x2160"}}])
        job = server.wait_state(server.submit(job_of(large, max_attempts=1)), "failed")
        self.assertRegex(job["message"], "--memory-limit, 64M")

    def test_a_value_that_is_none_is_wrong_usage_and_named(self):
        farm = Farm(self)
        for flags, said in ((["--nice", "20"], "--nice"), (["--nice", "-5"], "--nice"),
                            (["--ionice", "realtime"], "--ionice must be idle, best-effort"),
                            (["--memory-limit", "lots"], "--memory-limit must be an amount")):
            with self.subTest(flags):
                ended = farm.run("worker", "--state-dir", farm.path("state"), *flags)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(said, ended.stderr)


def nice_of(pid):
    """The 19th field of proc(5)."""
    return int(pathlib.Path("/proc", str(pid), "stat").read_text().rpartition(") ")[2].split()[16])


if __name__ == "__main__":
    unittest.main()
