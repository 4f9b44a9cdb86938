"""Encodes with the installed HandBrakeCLI: `sisyphus run`, from the document to the file."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

BINARY = os.environ["SISYPHUS_BINARY"]
DEADLINE = 120  # seconds that one encode may take on a busy machine
SUBTITLES = "1\n00:00:00,200 --> 00:00:00,800\n{}\n"


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *arguments], check=True, timeout=DEADLINE)


def make_film(path, seconds):
    """Video, a stereo and a mono track in two languages, two subtitles."""
    with tempfile.TemporaryDirectory() as folder:
        texts = [pathlib.Path(folder, f"{language}.srt") for language in ("eng", "deu")]
        for text in texts:
            text.write_text(SUBTITLES.format(text.stem), encoding="utf-8")
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=size=320x240:rate=25:duration={seconds}",
               "-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}",
               "-f", "lavfi", "-i", f"sine=frequency=880:duration={seconds}",
               "-i", str(texts[0]), "-i", str(texts[1]),
               "-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "4",
               "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac", "-ac:a:0", "2", "-c:s", "srt",
               "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu",
               "-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=deu", str(path))


def probe(path):
    argv = ["ffprobe", "-v", "error", "-print_format", "json", "-show_streams", "-show_format", "file:" + str(path)]
    return json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True, timeout=DEADLINE).stdout)


class HandbrakeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.films = tempfile.mkdtemp(prefix="sisyphus-handbrake-films-")
        cls.addClassCleanup(shutil.rmtree, cls.films)
        cls.film = pathlib.Path(cls.films, "film.mkv")
        make_film(cls.film, 2)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sisyphus-handbrake-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *tasks):
        pathlib.Path(self.path("job.json")).write_text(json.dumps({
            "job_title": "handbrake", "tasks": [{"module": "handbrake", "data": data} for data in tasks]}),
            encoding="utf-8")
        process = subprocess.Popen([BINARY, "run", "job.json", "--json"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        return process

    def run_job(self, *tasks):
        """(exit code, the events, standard error)"""
        process = self.start(*tasks)
        out, err = process.communicate(timeout=DEADLINE)
        return process.returncode, [json.loads(line) for line in out.splitlines()], err

    def encode(self, *tasks):
        code, events, err = self.run_job(*tasks)
        self.assertEqual(code, 0, f"{err}\n{events[-1:]}")
        return events

    def assert_nothing_left(self, *names):
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(["job.json", *names]))


class Encodes(HandbrakeTest):
    def test_x265_and_opus_with_two_audio_tracks_and_subtitles(self):
        events = self.encode({
            "source": str(self.film), "output_file": "out.mkv",
            "video_options": {"encoder": "x265", "encoder_preset": "ultrafast", "quality": 30,
                              "encopts": {"bframes": 0, "no-sao": None}},
            "audio_options": {"audio": [2, 1], "aencoder": ["opus", "opus"], "ab": [64, 96],
                              "mixdown": ["mono", "stereo"], "aname": ["Kommentar, deutsch", "it's"]},
            "picture_options": {"width": 160, "crop_mode": "none"},
            "filters_options": {"nlmeans": {"preset": "ultralight"}, "grayscale": False},
            "subtitles_options": {"subtitle": [2, 1], "subname": ["Zwei", "One"], "subtitle_default": 2}})
        media = probe(self.path("out.mkv"))
        streams = media["streams"]
        self.assertEqual([stream["codec_name"] for stream in streams], ["hevc", "opus", "opus", "ass", "ass"])
        self.assertEqual(streams[0]["width"], 160)
        self.assertEqual([stream["channels"] for stream in streams[1:3]], [1, 2])
        self.assertEqual([stream["tags"]["title"] for stream in streams[1:]],
                         ["Kommentar, deutsch", "it's", "Zwei", "One"])
        self.assertEqual([stream["tags"]["language"] for stream in streams[1:]], ["ger", "eng", "ger", "eng"])
        self.assertEqual([stream["disposition"]["default"] for stream in streams[3:]], [0, 1])
        self.assertAlmostEqual(float(media["format"]["duration"]), 2, delta=0.3)
        self.assert_nothing_left("out.mkv")
        self.assertTrue(events)

    def test_an_option_with_an_optional_argument_gets_it(self):
        self.encode({"source": str(self.film), "output_file": "out.mp4",
                     "video_options": {"encoder": "x264", "encoder_preset": "ultrafast"},
                     "picture_options": {"crop_mode": "none"}, "audio_options": {"audio": None},
                     "filters_options": {"rotate": {"angle": 90}, "pad": {"width": 400, "height": 400}},
                     "subtitles_options": {"subtitle": False}})
        streams = probe(self.path("out.mp4"))["streams"]
        self.assertEqual([stream["codec_name"] for stream in streams], ["h264"])
        self.assertEqual((streams[0]["width"], streams[0]["height"]), (400, 400))

    def test_a_part_of_the_source_in_two_passes_tells_its_progress(self):
        source = self.path("long.mkv")
        make_film(source, 20)
        events = self.encode({"source": "long.mkv", "output_file": "out.mkv",
                              "source_options": {"start_at": {"seconds": 2}, "stop_at": {"seconds": 15}},
                              "video_options": {"encoder": "x264", "encoder_preset": "slow", "vb": 300,
                                                "two_pass": True}})
        self.assertAlmostEqual(float(probe(self.path("out.mkv"))["format"]["duration"]), 15, delta=0.5)
        told = [event["progress"] for event in events if event.get("progress")]
        percents = [progress["percent"] for progress in told if "percent" in progress]
        self.assertEqual(percents, sorted(percents))
        self.assertGreater(len(percents), 3)
        self.assertIn("encoding, pass 1 of 2", {progress.get("phase") for progress in told})
        self.assert_nothing_left("long.mkv", "out.mkv")

    def test_an_existing_output_is_replaced(self):
        pathlib.Path(self.path("out.mkv")).write_text("old", encoding="utf-8")
        self.encode({"source": str(self.film), "output_file": "out.mkv",
                     "video_options": {"encoder": "x264", "encoder_preset": "ultrafast"}})
        self.assertEqual(probe(self.path("out.mkv"))["streams"][0]["codec_name"], "h264")

    def test_a_source_may_be_what_an_earlier_task_writes(self):
        quick = {"encoder": "x264", "encoder_preset": "ultrafast"}
        self.encode({"source": str(self.film), "output_file": "first.mkv", "video_options": quick},
                    {"source": "first.mkv", "output_file": "second.mkv", "video_options": quick})
        self.assert_nothing_left("first.mkv", "second.mkv")

    def test_a_subtitle_file_is_added_whatever_its_name(self):
        name = "a, b's $1.srt"
        pathlib.Path(self.path(name)).write_text(SUBTITLES.format("Hello"), encoding="utf-8")
        self.encode({"source": str(self.film), "output_file": "out.mkv",
                     "video_options": {"encoder": "x264", "encoder_preset": "ultrafast"},
                     "subtitles_options": {"srt_file": [name], "srt_codeset": ["UTF-8"], "srt_lang": ["fre"]}})
        languages = [stream["tags"]["language"] for stream in probe(self.path("out.mkv"))["streams"]
                     if stream["codec_type"] == "subtitle"]
        self.assertEqual(languages, ["fre"])


class Failures(HandbrakeTest):
    def failure(self, **data):
        """What a failed job tells."""
        code, events, err = self.run_job({"source": str(self.film), "output_file": "out.mkv", **data})
        self.assertNotEqual(code, 0)
        return json.dumps(events) + err

    def test_a_source_that_is_no_media_fails_and_leaves_nothing(self):
        pathlib.Path(self.path("text.mkv")).write_text("no film", encoding="utf-8")
        self.assertIn("exit", self.failure(source="text.mkv"))
        self.assert_nothing_left("text.mkv")

    def test_a_missing_source_is_told_before_anything_runs(self):
        self.assertIn("does not exist", self.failure(source="none.mkv"))

    def test_a_value_that_the_encoder_does_not_know_fails_and_leaves_nothing(self):
        self.assertIn("exit", self.failure(video_options={"encoder": "x264", "encoder_preset": "speedy"}))
        self.assert_nothing_left()

    def test_a_value_that_the_program_does_not_know_is_told_before_anything_runs(self):
        self.assertIn("/video_options/encoder", self.failure(video_options={"encoder": "x256"}))

    def test_a_cancelled_encode_leaves_nothing(self):
        make_film(self.path("long.mkv"), 60)
        process = self.start({"source": "long.mkv", "output_file": "out.mkv", "video_options": {
            "encoder": "x265", "encoder_preset": "veryslow"}})
        for line in process.stdout:
            if "encoding" in json.dumps(json.loads(line).get("progress") or {}):
                break
        else:
            self.fail("it ended before it told any progress")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE)
        self.assertNotEqual(process.returncode, 0)
        self.assert_nothing_left("long.mkv")


if __name__ == "__main__":
    unittest.main()
