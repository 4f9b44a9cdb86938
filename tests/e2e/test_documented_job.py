"""The job that the original's documents describe, on a farm, its result checked track by track."""

import json
import os
import pathlib
import subprocess
import unittest

from farm import DEADLINE, Farm, clip, hidden_folders, job_of, probe_media

OPUS = {"codec": "libopus", "b": "128k", "ac": 2, "vbr": "on", "compression_level": 10, "application": "audio"}
X265 = {"codec": "libx265", "crf": 28, "pix_fmt": "yuv420p10le", "preset": "ultrafast",
        "x265-params": {"limit-sao": 1, "bframes": 3, "psy-rd": 1, "log-level": "error"}}
SUBTITLES = "1\n00:00:01,200 --> 00:00:01,800\nHello\n"

ENCODE = {"module": "ffmpeg", "data": {
    "input_options": {"ss": "0:00:01", "to": "0:00:03"},
    "sources": ["source_file_1.mkv", "source_file_2.ac3"],
    "source_maps": [{"source": 0, "specifier": "v", "stream": 0}, {"source": 1, "specifier": "a", "stream": 0},
                    {"source": 0, "specifier": "s", "stream": 0}],
    "output_maps": [{"specifier": "v", "stream": 0, "option_set": "dark-and-stormy"},
                    {"specifier": "a", "stream": 0, "option_set": "opus-128k-stereo", "options": {"b": "32k", "ac": 1}},
                    {"specifier": "s", "stream": 0, "options": {"codec": "copy"}}],
    "output_file": "encoded.mkv", "overwrite": True}}

MUX = {"module": "mkvmerge", "data": {
    "sources": [{"filename": "encoded.mkv", "options": {"no-chapters": None, "no-global-tags": None}},
                {"filename": "source_file_2.ac3"}],
    "tracks": [
        {"source": 0, "track": 0, "options": {"language": "und", "track-name": "Feature", "default-track": "yes"}},
        {"source": 0, "track": 1, "options": {"language": "jpn", "track-name": "Japanese, stereo", "default-track": "yes"}},
        {"source": 1, "track": 0, "options": {"language": "eng", "track-name": "It's 5.1", "default-track": "no"}},
        {"source": 0, "track": 2, "options": {"language": "eng", "track-name": "Signs", "default-track": "no",
                                              "forced-display-flag": "yes"}}],
    "options": {"title": "Awesome Encode"},
    "output_file": "muxed.mkv"}}

TIDY = {"module": "cleanup", "data": {"move": [{"source": "muxed.mkv", "destination": "library/Awesome Encode.mkv"}],
                                      "delete": ["encoded.mkv", "source_file_1.mkv", "never-there.mkv"]}}


class DocumentedJob(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        self.server = self.farm.server()
        self.farm.worker(self.server.url)
        subtitles = self.farm.write("source.srt", SUBTITLES)
        source = self.farm.path("source_file_1.mkv")
        for argv in ([*("-i", clip(4), "-i", subtitles), "-map", "0", "-map", "1", "-c", "copy", source],
                     ["-f", "lavfi", "-i", "sine=frequency=660:duration=2", "-c:a", "ac3", "-ac", "6",
                      self.farm.path("source_file_2.ac3")]):
            subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *argv], check=True, timeout=DEADLINE)
        os.remove(subtitles)
        os.mkdir(self.farm.path("library"))
        for name, options in (("dark-and-stormy", X265), ("opus-128k-stereo", OPUS)):
            path = self.farm.write("set.json", {"name": name, "options": options})
            put = self.farm.run("data", "put", "ffmpeg", name, path, "--server", self.server.url)
            self.assertEqual(put.returncode, 0, put.stderr)
            os.remove(path)

    def test_encode_mux_and_tidy_up(self):
        job_id = self.server.submit(job_of(ENCODE, MUX, TIDY))
        job = self.server.wait_state(job_id, "completed")
        result = self.farm.path("library", "Awesome Encode.mkv")
        self.assertEqual(job["info"]["outputs"], [result])
        self.assert_tracks(result)
        self.assert_streams(result)
        media = sorted(path.name for path in pathlib.Path(self.farm.folder).glob("*.*") if path.suffix != ".log")
        self.assertEqual(media, ["source_file_2.ac3"])
        self.assertEqual(hidden_folders(self.farm.folder), [])

    def assert_tracks(self, path):
        told = subprocess.run(["mkvmerge", "-J", path], check=True, capture_output=True, timeout=DEADLINE)
        info = json.loads(told.stdout)
        tracks = [(track["type"], track["codec"], track["properties"]["language"], track["properties"]["track_name"],
                   track["properties"]["default_track"], track["properties"]["forced_track"]) for track in info["tracks"]]
        self.assertEqual(tracks, [
            ("video", "HEVC/H.265/MPEG-H", "und", "Feature", True, False),
            ("audio", "Opus", "jpn", "Japanese, stereo", True, False),
            ("audio", "AC-3", "eng", "It's 5.1", False, False),
            ("subtitles", "SubRip/SRT", "eng", "Signs", False, True)])
        self.assertEqual(info["container"]["properties"]["title"], "Awesome Encode")
        self.assertEqual([track["properties"]["audio_channels"] for track in info["tracks"][1:3]], [2, 6])

    def assert_streams(self, path):
        media = probe_media(path)
        video, opus, ac3, text = media["streams"]
        self.assertEqual((video["codec_name"], video["pix_fmt"], video["width"]), ("hevc", "yuv420p10le", 320))
        self.assertEqual((opus["codec_name"], ac3["codec_name"], text["codec_name"]), ("opus", "ac3", "subrip"))
        self.assertAlmostEqual(float(media["format"]["duration"]), 2, delta=0.2)  # cut by ss and to
        packets = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries",
                                  "stream=nb_read_packets", "-of", "csv=p=0", path], check=True, capture_output=True,
                                 text=True, timeout=DEADLINE)
        self.assertEqual(int(packets.stdout.strip().strip(",")), 50)


if __name__ == "__main__":
    unittest.main()
