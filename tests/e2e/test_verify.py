"""The module `verify` on real files: what is right passes, what is wrong fails before the source is touched."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

from farm import DEADLINE, Farm, clip, encode_task, hidden_folders, job_of

HARD = "-@ +a \"b\" 'c' $d \\e\n%f:g,[h];(i)=ünï 漢.mkv"  # what file names may hold, all of it at once


def verify(file, **data):
    return {"module": "verify", "data": {"file": str(file)} | data}


def made_by_ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *arguments], check=True, timeout=DEADLINE)


class VerifyTest(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        self.source = self.farm.path("in.mkv")
        shutil.copy(clip(), self.source)
        self.keep = self.farm.path("kept.mkv")
        self.afterwards = {"module": "cleanup", "data": {"move": [{"source": "out.mkv", "destination": "kept.mkv"}],
                                                         "delete": ["in.mkv"]}}

    def start(self):
        self.server = self.farm.server()
        self.worker = self.farm.worker(self.server.url)

    def run_job(self, *tasks, state="completed"):
        return self.server.wait_state(self.server.submit(job_of(*tasks)), state)

    def run_here(self, *tasks):
        """`sisyphus run`: its exit code and what it said."""
        done = self.farm.run("run", self.farm.write("job.json", job_of(*tasks)))
        return done.returncode, done.stdout + done.stderr

    def assert_fails(self, task, *parts):
        """The check fails, and names what is wrong, after an encode and before a cleanup that would lose the source."""
        code, said = self.run_here(encode_task("in.mkv", "out.mkv"), task, self.afterwards)
        self.assertEqual(code, 1, said)
        for part in parts:
            self.assertIn(part, said)
        self.assertTrue(os.path.exists(self.source))
        self.assertFalse(os.path.exists(self.keep))


class OnAFarm(VerifyTest):
    def test_a_good_encode_passes_with_its_numbers_and_is_moved(self):
        self.start()
        job = self.run_job(
            encode_task("in.mkv", "out.mkv"),
            verify("out.mkv", source="in.mkv", streams=[{"type": "video", "codec": "h264", "count": 1},
                                                        {"type": "audio", "count": 0}],
                   full=True, smaller_than=5, ssim=0.9, psnr=25), self.afterwards)
        self.assertFalse(os.path.exists(self.source))
        (numbers,) = job["info"]["results"]
        self.assertEqual((numbers["task"], numbers["module"]), (1, "verify"))
        self.assertEqual(numbers["size_bytes"], os.path.getsize(self.keep))
        self.assertEqual(numbers["source_size_bytes"], os.path.getsize(clip()))
        self.assertAlmostEqual(numbers["duration_s"], 2, delta=0.1)
        self.assertAlmostEqual(numbers["expected_duration_s"], 2, delta=0.1)
        self.assertTrue(0.9 <= numbers["ssim"] < 1, numbers)
        self.assertTrue(25 <= numbers["psnr"] < 100, numbers)
        shown = self.farm.run("show", "--server", self.server.url, "--json", job["job_id"])
        self.assertEqual(json.loads(shown.stdout)["info"]["results"], [numbers])
        told = self.farm.run("show", "--server", self.server.url, job["job_id"]).stdout
        self.assertRegex(told, rf"result +task 2 \(verify\): size_bytes {numbers['size_bytes']}, .*ssim 0\.9\d+")

    def test_a_missed_floor_fails_the_job_with_its_numbers_before_the_cleanup(self):
        self.start()
        bad = [{"specifier": "v", "stream": 0, "options": {"codec": "libx264", "crf": 51, "preset": "ultrafast"}}]
        job = self.run_job(encode_task("in.mkv", "out.mkv", output_maps=bad),
                           verify("out.mkv", source="in.mkv", ssim=0.95), self.afterwards, state="failed")
        (numbers,) = job["info"]["results"]
        self.assertLess(numbers["ssim"], 0.95)
        self.assertEqual(job["message"], f"task 2 (verify): ssim is {numbers['ssim']}, expected at least 0.95")
        self.assertEqual(job["attempt"], 1)  # it would come out the same again
        self.assertTrue(os.path.exists(self.source))
        self.assertFalse(os.path.exists(self.keep))
        self.assertEqual(hidden_folders(self.farm.folder), [])

    def test_a_failed_cheap_check_tells_its_numbers_too(self):
        self.start()
        job = self.run_job(encode_task("in.mkv", "out.mkv"), verify("out.mkv", source="in.mkv", smaller_than=0.01),
                           self.afterwards, state="failed")
        self.assertIn("/tasks/1/data/smaller_than: the file's size is", job["message"])
        self.assertEqual(job["info"]["results"][0]["size_bytes"], os.path.getsize(self.farm.path("out.mkv")))
        self.assertTrue(os.path.exists(self.source))
        alone = self.run_job(verify("out.mkv", source="in.mkv", smaller_than=0.01), state="failed")
        self.assertEqual(alone["info"]["results"][0]["task"], 0)


class Failures(VerifyTest):
    def test_wrong_duration(self):
        self.assert_fails(verify("out.mkv", source="in.mkv", ss=1, duration={"tolerance_s": 0.5}),
                          "/tasks/1/data/duration", "expected 1.0")

    def test_missing_stream(self):
        self.assert_fails(verify("out.mkv", streams=[{"type": "audio"}]), "/tasks/1/data/streams/0",
                          "found 0 of audio, expected at least 1; the file has 1 video (h264)")

    def test_too_large(self):
        self.assert_fails(verify("out.mkv", source="in.mkv", smaller_than=0.01), "/tasks/1/data/smaller_than",
                          "expected at most")

    def test_missed_psnr(self):
        self.assert_fails(verify("out.mkv", source="in.mkv", psnr=99), "psnr is ", "expected at least 99")

    def test_a_truncated_file_passes_the_cheap_checks_and_fails_a_full_decode(self):
        whole = pathlib.Path(self.source).read_bytes()
        pathlib.Path(self.farm.path("cut.mkv")).write_bytes(whole[:len(whole) * 2 // 3])
        self.assertEqual(self.run_here(verify("cut.mkv", source="in.mkv"))[0], 0)
        code, said = self.run_here(verify("cut.mkv", source="in.mkv", full=True))
        self.assertEqual(code, 1, said)
        self.assertIn("File ended prematurely", said)
        self.assertEqual(self.run_here(verify("in.mkv", full=True))[0], 0)


class BeforeTheFirstTask(VerifyTest):
    def assert_refused(self, task, pointer, part):
        """Refused by the whole job's validation: not even the encode before it runs."""
        code, said = self.run_here(encode_task("in.mkv", "out.mkv"), task)
        self.assertEqual(code, 1, said)
        self.assertIn(f"/tasks/1/data{pointer}: ", said)
        self.assertIn(part, said)
        self.assertFalse(os.path.exists(self.farm.path("out.mkv")))

    def test_what_is_wrong_is_found(self):
        for data, pointer, part in ((dict(soruce="in.mkv"), "/soruce", "source"),
                                    (dict(source="in.mkv", ssim=2), "/ssim", "expected at most 1"),
                                    (dict(ssim=0.9), "/ssim", "give source, too"),
                                    (dict(source="gone.mkv"), "/source", "does not exist"),
                                    (dict(file="gone.mkv"), "/file", "does not exist")):
            with self.subTest(data):
                self.assert_refused(verify("out.mkv", **data) if "file" not in data else verify(**data), pointer, part)

    def test_vmaf_without_libvmaf(self):
        filters = subprocess.run(["ffmpeg", "-hide_banner", "-filters"], check=True, capture_output=True, text=True)
        if " libvmaf " in filters.stdout:
            self.skipTest("this ffmpeg has libvmaf")
        self.assert_refused(verify("out.mkv", source="in.mkv", vmaf=90), "/vmaf", "without the filter libvmaf")


class Comparisons(VerifyTest):
    def test_names_are_only_names(self):
        shutil.copy(self.source, self.farm.path(HARD))
        code, said = self.run_here(encode_task(HARD, "out " + HARD),
                                   verify("out " + HARD, source=HARD, full=True, ssim=0.9, psnr=25))
        self.assertEqual(code, 0, said)

    def test_a_smaller_picture_of_a_part_is_compared_with_that_part(self):
        made_by_ffmpeg("-ss", "0.48", "-t", "1", "-i", self.source, "-an", "-vf", "scale=240:-2", "-crf", "10",
                       self.farm.path("part.mp4"))
        same = verify("part.mp4", source="in.mkv", ss="0.48", t=1, duration={"tolerance_s": 0.1}, ssim=0.8)
        self.assertEqual(self.run_here(same)[0], 0)
        other = verify("part.mp4", source="in.mkv", t=1, ssim=0.8)
        self.assertEqual(self.run_here(other)[0], 1)

    def test_pictures_meet_their_own_whatever_the_containers_round(self):
        made_by_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30000/1001:d=2", "-c:v", "ffv1",
                       self.farm.path("ntsc.mkv"))
        made_by_ffmpeg("-i", self.farm.path("ntsc.mkv"), "-c:v", "libx264", "-crf", "5", self.farm.path("ntsc.mp4"))
        code, said = self.run_here(verify("ntsc.mp4", source="ntsc.mkv", ssim=0.99))
        self.assertEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main()
