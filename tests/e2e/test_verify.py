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
        shutil.copy(clip(sound=False), self.source)
        self.keep = self.farm.path("kept.mkv")
        self.afterwards = {"module": "cleanup", "data": {"move": [{"source": "out.mkv", "destination": "kept.mkv"}],
                                                         "delete": ["in.mkv"]}}

    def start(self):
        self.server = self.farm.server()
        self.worker = self.farm.worker(self.server.url)

    def run_job(self, *tasks, state="completed"):
        return self.server.wait_state(self.server.submit(job_of(*tasks)), state)

    def run_here(self, *tasks, **options):
        """`sisyphus run`: its exit code and what it said."""
        done = self.farm.run("run", self.farm.write("job.json", job_of(*tasks)), **options)
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
        self.assertEqual(numbers["source_size_bytes"], os.path.getsize(clip(sound=False)))
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
        self.assertRegex(job["message"],
                         r"^task 2 \(verify\): the file's size is \d+ bytes, expected at most \d+ \(0\.01 of")
        self.assertEqual(job["info"]["results"][0]["size_bytes"], os.path.getsize(self.farm.path("out.mkv")))
        self.assertTrue(os.path.exists(self.source))
        alone = self.run_job(verify("out.mkv", source="in.mkv", smaller_than=0.01), state="failed")
        self.assertTrue(alone["message"].startswith("task 1 (verify): the file's size is"), alone["message"])
        self.assertEqual(alone["info"]["results"][0]["task"], 0)


class Failures(VerifyTest):
    def test_wrong_duration(self):
        self.assert_fails(verify("out.mkv", source="in.mkv", ss=1, duration={"tolerance_s": 0.5}),
                          "task 2 (verify): the file lasts 2.000 s, that part of the source 1.000 s: more than 0.5 s "
                          "apart")

    def test_missing_stream(self):
        self.assert_fails(verify("out.mkv", streams=[{"type": "audio"}]),
                          "task 2 (verify): found 0 of audio, expected at least 1; the file has 1 video (h264)")

    def test_too_large(self):
        self.assert_fails(verify("out.mkv", source="in.mkv", smaller_than=0.01), "task 2 (verify): the file's size is",
                          "expected at most")

    def test_lost_sound_and_lost_pictures(self):
        shutil.copy(clip(), self.source)
        self.assert_fails(verify("out.mkv", source="in.mkv"), "task 2 (verify): the file has no audio, expected some "
                          "as in the source (1 video (h264), 1 audio (flac))", "name in streams")
        made_by_ffmpeg("-i", self.source, "-vn", self.farm.path("song.mka"))
        code, said = self.run_here(verify("song.mka", source="in.mkv"))
        self.assertEqual(code, 1, said)
        self.assertIn("task 1 (verify): the file has no video", said)
        code, said = self.run_here(verify("song.mka", source="in.mkv", streams=[{"type": "audio"}]))
        self.assertEqual(code, 0, said)

    def test_a_file_that_is_none(self):
        self.farm.write("out.mkv", "no film")
        code, said = self.run_here(verify("out.mkv", source="in.mkv"))
        self.assertEqual(code, 1, said)
        self.assertIn("task 1 (verify): the file", said)
        self.assertIn("is no media file that ffprobe can read: ", said)

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

    def test_a_file_that_ends_early_without_an_error_fails_a_full_decode(self):
        made_by_ffmpeg("-i", self.source, "-an", "-c:v", "flv1", self.farm.path("whole.flv"))
        whole = pathlib.Path(self.farm.path("whole.flv")).read_bytes()
        at, ends = 13, []  # behind the header; a tag's size stands in its bytes 1 to 3, and again behind it
        while at < len(whole):
            at += 11 + int.from_bytes(whole[at + 1:at + 4], "big") + 4
            ends.append(at)
        pathlib.Path(self.farm.path("early.flv")).write_bytes(whole[:ends[len(ends) // 4]])
        self.assertEqual(self.run_here(verify("whole.flv", full=True))[0], 0)
        code, said = self.run_here(verify("early.flv", full=True))
        self.assertEqual(code, 1, said)
        self.assertIn("s could be decoded, expected at least", said)
        self.assertNotIn("ffmpeg told of", said)


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


class Vmaf(VerifyTest):
    """Debian's ffmpeg has no libvmaf: here is one in front of it that says it has, and tells scores as libvmaf does."""

    def run_with_scores(self, least):
        ffmpeg = shutil.which("ffmpeg")
        os.mkdir(self.farm.path("bin"))
        self.farm.write("bin/ffmpeg", f"""#!/bin/sh
case "$*" in
  *-filters*)
    echo ' ... libvmaf           VV->V      Calculate the VMAF between two video streams.'
    exec {ffmpeg} "$@" ;;
  *libvmaf=*)
    echo '[Parsed_libvmaf_9 @ 0x55d0c8a3e3c0] [info] VMAF score: 41.730261' >&2
    echo '[Parsed_libvmaf_6 @ 0x55d0c8a3d2c0] [info] VMAF score: 93.663925' >&2
    echo '[Parsed_libvmaf_4 @ 0x55d0c8a3c1c0] [info] VMAF score: 40.017388' >&2
    echo progress=end ;;
  *) exec {ffmpeg} "$@" ;;
esac
""")
        os.chmod(self.farm.path("bin/ffmpeg"), 0o755)
        shutil.copy(self.source, self.farm.path("out.mkv"))
        return self.run_here(verify("out.mkv", source="in.mkv", vmaf=least),
                             environment={"PATH": f"{self.farm.path('bin')}:{os.environ['PATH']}"})

    def test_the_best_score_counts(self):
        code, said = self.run_with_scores(93)
        self.assertEqual(code, 0, said)

    def test_a_missed_floor_fails(self):
        code, said = self.run_with_scores(94)
        self.assertEqual(code, 1, said)
        self.assertIn("task 1 (verify): vmaf is 93.663925, expected at least 94", said)


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

    def test_a_part_is_found_in_every_container(self):
        """MPEG-TS and MPEG-PS do not begin at 0, and are only sought by their key frames."""
        film = ["-f", "lavfi", "-i", "testsrc2=size=192x108:rate=30000/1001:d=4", "-f", "lavfi", "-i", "sine=d=4"]
        h264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "8", "-g", "20", "-c:a", "aac"]
        mpeg2 = ["-c:v", "mpeg2video", "-q:v", "2", "-g", "12", "-bf", "2", "-c:a", "mp2"]
        good = {"codec": "libx264", "preset": "ultrafast", "crf": 5}
        for kind, codecs in (("ts", h264), ("mpg", mpeg2), ("mkv", h264), ("mp4", h264)):
            made_by_ffmpeg(*film, *codecs, self.farm.path(f"film.{kind}"))
        for source, cut, output, sound in (
                ("film.ts", {"ss": 1.3}, "mp4", None), ("film.ts", {"ss": "0.77", "to": "2.4"}, "mp4", "aac"),
                ("film.ts", {"t": 1.5}, "mp4", "aac"), ("film.ts", {"ss": 1.3, "t": 1}, "mkv", None),
                ("film.ts", {"ss": 1.3, "t": 1}, "ts", None), ("film.mpg", {"ss": 1.3}, "mp4", None),
                ("film.mpg", {"to": "0:02"}, "mp4", "aac"), ("film.mpg", {"ss": 0.5, "t": 1}, "mkv", "libvorbis"),
                ("film.mkv", {"ss": 1.31}, "mkv", "aac"), ("film.mp4", {"ss": 1.3, "t": 1}, "mkv", "copy"),
                ("film.mp4", {"ss": 1.32, "t": 1}, "mp4", "aac")):
            with self.subTest(source=source, cut=cut, output=output, sound=sound):
                video = {"specifier": "v", "stream": 0, "options": good}
                audio = {"specifier": "a", "stream": 0, "options": {"codec": sound}}
                maps = [video, audio] if sound else [video]
                encode = encode_task(source, f"part.{output}", overwrite=True, input_options=cut, output_maps=maps,
                                     source_maps=[{"source": 0, "specifier": one["specifier"]} for one in maps])
                check = verify(f"part.{output}", source=source, ssim=0.97, streams=[{"type": "video"}], duration=False)
                code, said = self.run_here(encode, verify(**(check["data"] | cut)))
                self.assertEqual(code, 0, said)
                code, said = self.run_here(verify(**(check["data"] | {"ss": float(cut.get("ss", 0)) + 0.6, "t": 1})))
                self.assertEqual(code, 1, said)
                self.assertIn("ssim is 0.", said)

    def test_a_picture_that_the_encoder_repeats_at_the_start_shifts_nothing(self):
        film = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24000/1001:d=3", "-f", "lavfi", "-i", "sine=d=3"]
        made_by_ffmpeg(*film, "-c:v", "libx264", "-crf", "5", "-c:a", "aac", self.farm.path("film.mkv"))
        film_only = [{"type": "video"}]
        for name, cut in (("whole", {}), ("between two pictures", {"ss": 1.3, "t": 1})):
            with self.subTest(name):
                task = encode_task("film.mkv", "film.mp4", overwrite=True, input_options=cut, output_maps=[
                    {"specifier": "v", "stream": 0, "options": {"codec": "libx264", "preset": "ultrafast", "crf": 5}}])
                code, said = self.run_here(task, verify("film.mp4", source="film.mkv", ssim=0.99, streams=film_only,
                                                        **cut))
                self.assertEqual(code, 0, said)
                later = cut | {"ss": cut.get("ss", 0) + 0.5}
                code, said = self.run_here(verify("film.mp4", source="film.mkv", ssim=0.97, duration=False,
                                                  streams=film_only, **later))
                self.assertEqual(code, 1, said)  # half a second is no repeated picture


if __name__ == "__main__":
    unittest.main()
