"""Names that are hard on shells, tools and file systems go through every module unharmed, through server and worker."""

import json
import os
import pathlib
import subprocess
import unittest

from farm import DEADLINE, Farm, clip, encode_task, hidden_folders, job_of, probe_media

SUBTITLES = "1\n00:00:00,200 --> 00:00:00,800\nHello\n"
FONT = b"\0\1\0\0 no real font"
LONGEST = 255  # bytes of a name, on most file systems

NAMES = [
    "two  words ", "it's", 'say "hi"', "$HOME `id` $(id)", "line\nbreak\ttab", "-leading", "--json", "@file", "+x",
    "a:b", "file:x", "pipe:1", "100%d %s%", "#1", "*?[x]{1..3}", "back\\slash\\", "a,b;c&d|e<f>", "x=y", "~", "(", "&amp;",
    "é Zoë", "映画 日本語", "e\u0301 combining", "🎬", "l" * 300, "日" * 100,
]


def fit(stem, end):
    """The stem with an ending, cut to what a file system takes."""
    room = LONGEST - len(end.encode())
    return stem.encode()[:room].decode(errors="ignore") + end


def identify(path):
    told = subprocess.run(["mkvmerge", "-J", path], capture_output=True, timeout=DEADLINE, check=True,
                          env=os.environ | {"LC_ALL": "C.UTF-8"})
    return json.loads(told.stdout)


class Names(unittest.TestCase):
    """One job for each name: all of its files bear it."""

    def setUp(self):
        self.farm = Farm(self)
        self.server = self.farm.server()
        self.farm.worker(self.server.url, "--slots", "2")

    def prepare(self, folder, name):
        os.makedirs(self.farm.path(folder, fit(name, ".d")))
        os.mkdir(self.farm.path(folder, fit(name, ".library")))
        os.link(clip(1), self.farm.path(folder, fit(name, ".mkv")))
        pathlib.Path(self.farm.path(folder, fit(name, ".srt"))).write_text(SUBTITLES, encoding="utf-8")
        for font in (fit(name, ".ttf"), os.path.join(fit(name, ".d"), fit(name, ".ttf"))):
            pathlib.Path(self.farm.path(folder, font)).write_bytes(FONT)

    @staticmethod
    def tasks(folder, name):
        def at(end):
            return os.path.join(folder, fit(name, end)) if folder else fit(name, end)

        quick = {"encoder": "x264", "encoder_preset": "ultrafast"}
        return [
            encode_task(at(".mkv"), at(".ff.mkv")),
            {"module": "handbrake", "data": {"source": at(".ff.mkv"), "output_file": at(".hb.mkv"), "video_options": quick,
                                             "source_options": {"stop_at": {"frames": 5}}}},
            {"module": "mkvmerge", "data": {
                "sources": [{"filename": at(".ff.mkv")}, {"filename": at(".srt")}],
                "tracks": [{"source": 0, "track": 0}, {"source": 1, "track": 0, "options": {"track-name": name}}],
                "options": {"title": name}, "attachments": [{"filename": at(".ttf"), "name": name + ".ttf"}],
                "attachment_directories": [at(".d")], "output_file": at(".mux.mkv")}},
            {"module": "mkvextract", "data": {
                "source": at(".mux.mkv"), "tracks": [{"id": 1, "filename": at(".out.srt")}],
                "attachments": [{"id": 2, "filename": at(".out.ttf")}],
                "timestamps": [{"id": 0, "filename": at(".out.txt")}]}},
            {"module": "verify", "data": {"file": at(".ff.mkv"), "source": at(".mkv"), "full": True, "ssim": 0.5,
                                          "streams": [{"type": "video", "count": 1}]}},
            {"module": "cleanup", "data": {
                "copy": [{"source": at(".hb.mkv"), "destination": at(".copy.mkv")}],
                "move": [{"source": at(".mux.mkv"), "destination": at(".library")}], "delete": [at(".ff.mkv")]}},
        ]

    def check(self, folder, name):
        def path(*ends):
            return self.farm.path(folder, *(fit(name, end) for end in ends))

        left = [".mkv", ".srt", ".ttf", ".d", ".library", ".hb.mkv", ".copy.mkv", ".out.srt", ".out.ttf", ".out.txt"]
        self.assertEqual(sorted(os.listdir(self.farm.path(folder))), sorted(fit(name, end) for end in left))
        self.assertEqual(os.listdir(path(".d")), [fit(name, ".ttf")])
        self.assertEqual(os.listdir(path(".library")), [fit(name, ".mux.mkv")])
        self.assertEqual(pathlib.Path(path(".out.ttf")).read_bytes(), FONT)
        self.assertIn("Hello", pathlib.Path(path(".out.srt")).read_text(encoding="utf-8"))
        self.assertTrue(pathlib.Path(path(".out.txt")).read_text(encoding="utf-8"))
        self.assertEqual(pathlib.Path(path(".copy.mkv")).read_bytes(), pathlib.Path(path(".hb.mkv")).read_bytes())
        muxed = identify(path(".library", ".mux.mkv"))
        self.assertEqual([track["codec"] for track in muxed["tracks"]], ["AVC/H.264/MPEG-4p10", "SubRip/SRT"])
        self.assertEqual(muxed["container"]["properties"]["title"], name)
        self.assertEqual(muxed["tracks"][1]["properties"]["track_name"], name.strip())  # mkvmerge trims it
        self.assertEqual([one["file_name"] for one in muxed["attachments"]], [name + ".ttf", fit(name, ".ttf")])
        self.assertEqual(probe_media("file:" + path(".hb.mkv"))["streams"][0]["codec_name"], "h264")

    def test_every_module_takes_every_name(self):
        jobs = []
        for number, name in enumerate(NAMES):
            folder = fit(name, f".{number}") if number % 2 else str(number)  # in folders of such names, too
            self.prepare(folder, name)
            jobs.append((self.server.submit(job_of(*self.tasks(folder, name), title=name)), folder, name))
        for job_id, folder, name in jobs:
            with self.subTest(name=name[:40]):
                job = self.server.wait_state(job_id, "completed")
                ends = (".hb.mkv", ".out.srt", ".out.ttf", ".out.txt", ".copy.mkv")
                outputs = [os.path.join(folder, fit(name, end)) for end in ends]
                self.assertEqual(job["job_title"], name)
                self.assertLessEqual({self.farm.path(output) for output in outputs}, set(job["info"]["outputs"]))
                self.check(folder, name)
        self.assertEqual(hidden_folders(self.farm.folder), [])

    def test_a_leading_dash_is_a_name_without_a_folder_too(self):
        name = "-f"
        self.prepare("", name)
        job_id = self.server.submit(job_of(*self.tasks("", name)))
        self.server.wait_state(job_id, "completed")
        self.assertEqual(os.listdir(self.farm.path(fit(name, ".library"))), [fit(name, ".mux.mkv")])

    def test_a_value_that_mkvmerge_cannot_be_given_is_refused(self):
        job_id = self.server.submit(job_of({"module": "mkvmerge", "data": {
            "sources": [{"filename": clip(1)}], "tracks": [{"source": 0, "track": 0}], "options": {"title": "--version"},
            "output_file": "out.mkv"}}))
        self.assertIn('found "--version", which mkvmerge takes for an option',
                      self.server.wait_state(job_id, "failed")["message"])

    def test_a_percent_sign_in_the_name_of_a_picture_is_no_sequence(self):
        folder, still = "100%d", [{"specifier": "v", "stream": 0, "options": {"frames": 1}}]
        os.mkdir(self.farm.path(folder))
        source = os.path.join(folder, "%d.png")
        job_id = self.server.submit(job_of(
            encode_task(clip(1), "still.png", output_maps=still),
            {"module": "cleanup", "data": {"move": [{"source": "still.png", "destination": source}]}}))
        self.server.wait_state(job_id, "completed")
        job_id = self.server.submit(job_of(encode_task(source, "100%.png", output_maps=still)))
        self.server.wait_state(job_id, "completed")
        self.assertEqual(probe_media("file:" + self.farm.path("100%.png"))["streams"][0]["width"], 320)
        job_id = self.server.submit(job_of(encode_task(source, os.path.join(folder, "x.png"), output_maps=still)))
        self.assertIn("takes the % in the folder", self.server.wait_state(job_id, "failed")["message"])

    def test_a_percent_sign_in_the_name_of_pictures_numbers_them(self):
        two = [{"specifier": "v", "stream": 0, "options": {"frames": 2}}]
        job_id = self.server.submit(job_of(encode_task(clip(1), "f%02d.png", output_maps=two)))
        self.server.wait_state(job_id, "completed")
        job_id = self.server.submit(job_of(encode_task("f%02d.png", "film.mkv")))
        self.server.wait_state(job_id, "completed")
        self.assertEqual(probe_media(self.farm.path("film.mkv"))["format"]["duration"][:4], "0.08")

    def test_names_that_are_not_utf8_are_left_out_of_a_folder_and_told(self):
        os.mkdir(self.farm.path("fonts"))
        for font in (b"caf\xe9.ttf", "café.ttf".encode()):
            pathlib.Path(os.fsdecode(os.fsencode(self.farm.path("fonts")) + b"/" + font)).write_bytes(FONT)
        job_id = self.server.submit(job_of({"module": "mkvmerge", "data": {
            "sources": [{"filename": clip(1)}], "tracks": [{"source": 0, "track": 0}],
            "attachment_directories": ["fonts"], "output_file": "out.mkv"}}))
        job = self.server.wait_state(job_id, "completed")
        attached = identify(self.farm.path("out.mkv"))["attachments"]
        self.assertEqual([one["file_name"] for one in attached], ["café.ttf"])
        self.assertIn("caf\ufffd.ttf", json.dumps(job["info"]["warnings"], ensure_ascii=False))


if __name__ == "__main__":
    unittest.main()
