"""mkvmerge and mkvextract through `sisyphus run` and `sisyphus plan`, on real files, checked with the tools themselves."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BINARY = os.environ["SISYPHUS_BINARY"]
SOURCE_DIR = pathlib.Path(os.environ["SISYPHUS_SOURCE_DIR"])
GOLDEN = SOURCE_DIR / "tests" / "golden"
DEADLINE = 120  # seconds that any one command may take on a busy machine

# What file names and values may hold, all of it at once.
HARD = "-@ +a \"b\" 'c' $d \\e\n%f:g,(h) ünï 漢.mkv"

_media = None


def setUpModule():
    global _media
    _media = tempfile.mkdtemp(prefix="sisyphus-mkv-media-")
    unittest.addModuleCleanup(shutil.rmtree, _media)
    subprocess.run(["bash", GOLDEN / "make_media.sh", _media], check=True, timeout=DEADLINE)


def identify(path):
    """What mkvmerge says of a file; its own locale, so that the name is read as UTF-8."""
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    answer = subprocess.run(["mkvmerge", "-J", os.path.abspath(path)], env=environment, stdout=subprocess.PIPE,
                            timeout=DEADLINE)
    return json.loads(answer.stdout)


def merge(sources, tracks, output, **more):
    """A task; a source is a name or (name, options), a track (source, track) or (source, track, options)."""
    data = {"sources": [], "tracks": [], "output_file": str(output)}
    for source in sources:
        name, options = source if isinstance(source, tuple) else (source, None)
        data["sources"].append({"filename": str(name)} | ({} if options is None else {"options": options}))
    for source, track, *options in tracks:
        data["tracks"].append({"source": source, "track": track} | ({"options": options[0]} if options else {}))
    return {"module": "mkvmerge", "data": data | more}


def extract(source, **modes):
    return {"module": "mkvextract", "data": {"source": str(source)} | modes}


class MkvTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sisyphus-mkv-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("source.mkv", "rich.mkv", "audio.ac3", "subs.ass", "subs.srt"):
            os.link(pathlib.Path(_media) / name, self.folder / name)
        shutil.copytree(pathlib.Path(_media) / "fonts", self.folder / "fonts")

    def sisyphus(self, command, *tasks, options=(), environment=None):
        job = json.dumps({"job_title": "Mux", "tasks": tasks})
        return subprocess.run([BINARY, command, *options, "-"], input=job.encode(), cwd=self.folder, timeout=DEADLINE,
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run_job(self, *tasks, **how):
        """Runs a job that must complete, and leave nothing hidden behind. Returns what was logged."""
        done = self.sisyphus("run", *tasks, **how)
        said = (done.stdout + done.stderr).decode(errors="replace")
        self.assertEqual(done.returncode, 0, said)
        self.assertEqual(list(self.folder.rglob(".sisyphus-*")), [])
        return said

    def fail_job(self, *tasks):
        done = self.sisyphus("run", *tasks)
        said = (done.stdout + done.stderr).decode(errors="replace")
        self.assertEqual(done.returncode, 1, said)
        self.assertEqual(list(self.folder.rglob(".sisyphus-*")), [])
        return said

    def plan(self, *tasks, code=0):
        done = self.sisyphus("plan", *tasks, options=["--json"])
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return json.loads(done.stdout)["tasks"], done.stderr.decode()


class MergeTest(MkvTest):
    def test_tracks_come_in_the_order_given_with_their_options(self):
        self.run_job(merge(
            ["source.mkv", "audio.ac3", "subs.ass"],
            [(1, 0, {"language": "jpn", "track-name": "Dolby \"Digital\": 5.1, $x", "default-track": "yes"}),
             (0, 0, {"language": "und", "default-track": "no"}),
             (2, 0, {"language": "ger", "track-name": "@signs", "forced-display-flag": None}),
             (0, 2)],
            "out.mkv", options={"title": "@Ünï \"quoted\" it's", "no-global-tags": None, "no-date": True}))
        info = identify(self.folder / "out.mkv")
        self.assertEqual(info["container"]["properties"]["title"], "@Ünï \"quoted\" it's")
        self.assertNotIn("date_utc", info["container"]["properties"])
        tracks = [(t["type"], t["properties"]["language"], t["properties"].get("track_name"),
                   t["properties"]["default_track"], t["properties"]["forced_track"]) for t in info["tracks"]]
        self.assertEqual(tracks, [("audio", "jpn", "Dolby \"Digital\": 5.1, $x", True, False),
                                  ("video", "und", None, False, False),
                                  ("subtitles", "ger", "@signs", True, True),
                                  ("audio", "jpn", None, tracks[3][3], False)])
        self.assertEqual(info["attachments"], [])

    def test_a_source_without_tracks_gives_its_attachments_and_chapters(self):
        self.run_job(merge(["source.mkv", "rich.mkv"], [(0, 0)], "out.mkv"))
        info = identify(self.folder / "out.mkv")
        self.assertEqual([t["type"] for t in info["tracks"]], ["video"])
        self.assertEqual([a["file_name"] for a in info["attachments"]], ["one.ttf", "two words.otf"])
        self.assertEqual(info["chapters"], [{"num_entries": 2}])

    def test_copy_options_take_all_tracks_of_a_type(self):
        self.run_job(merge([("rich.mkv", {"_copy-subtitles-tracks": None, "no-attachments": None})], [(0, 0)], "out.mkv"))
        info = identify(self.folder / "out.mkv")
        self.assertEqual([t["type"] for t in info["tracks"]], ["video"] + ["subtitles"] * 3)
        self.assertEqual(info["attachments"], [])

    def test_attachments_and_folders_of_them(self):
        (self.folder / "fonts" / "no type").write_text("x")
        said = self.run_job(merge(
            ["source.mkv"], [(0, 0)], "out.mkv",
            attachments=[{"filename": "fonts/one.ttf", "name": "@One", "mimetype": "application/x-truetype-font"},
                         {"filename": "subs.srt", "mime_type": "text/x-own"}, {"filename": "subs.ass"}],
            attachment_directories=["fonts"]))
        found = [(a["file_name"], a["content_type"]) for a in identify(self.folder / "out.mkv")["attachments"]]
        self.assertEqual([name for name, _ in found], ["@One", "subs.srt", "subs.ass", "one.ttf", "two words.otf"])
        self.assertEqual(found[0][1], "application/x-truetype-font")
        self.assertEqual(found[1][1], "text/x-own")
        self.assertNotEqual(found[2][1], "text/x-own")
        self.assertIn("no type", said)  # what was left out is told

    def test_names_may_hold_anything_in_any_locale(self):
        for locale in ("C", "C.UTF-8", "xx_YY.UTF-8"):
            with self.subTest(locale):
                odd = self.folder / locale
                odd.mkdir()
                for name in ("source.mkv", "subs.srt"):
                    os.link(self.folder / name, odd / (name + HARD))
                environment = {k: v for k, v in os.environ.items() if not k.startswith("LC_")} | {"LC_ALL": locale}
                self.run_job(
                    merge([f"{locale}/source.mkv{HARD}", f"{locale}/subs.srt{HARD}"], [(0, 0), (1, 0)], f"{locale}/{HARD}",
                          attachments=[{"filename": f"{locale}/subs.srt{HARD}"}], options={"title": HARD}),
                    extract(f"{locale}/{HARD}", tracks=[{"id": 1, "filename": f"{locale}/x{HARD}"}],
                            attachments=[{"id": 1, "filename": f"{locale}/@{HARD}"}]),
                    environment=environment)
                info = identify(odd / HARD)
                self.assertEqual([t["type"] for t in info["tracks"]], ["video", "subtitles"])
                self.assertEqual(info["attachments"][0]["file_name"], f"subs.srt{HARD}")
                self.assertEqual((odd / f"@{HARD}").read_bytes(), (self.folder / "subs.srt").read_bytes())
                self.assertEqual(sorted(os.listdir(odd)),
                                 sorted([HARD, "x" + HARD, "@" + HARD, "source.mkv" + HARD, "subs.srt" + HARD]))

    def test_an_existing_output_is_replaced_and_no_options_file_stays(self):
        (self.folder / "out.mkv").write_text("old")
        before = set(os.listdir(self.folder))
        self.run_job(merge(["source.mkv"], [(0, 0)], "out.mkv", options={"title": "x" * 40000}))
        self.assertEqual(set(os.listdir(self.folder)), before)
        self.assertEqual(len(identify(self.folder / "out.mkv")["container"]["properties"]["title"]), 40000)

    def test_every_part_of_a_split_output_is_published(self):
        self.run_job(merge(["source.mkv"], [(0, 0), (0, 3)], "part.mkv", options={"split": "parts:00:00:00-00:00:01,00:00:02-00:00:03"}))
        self.assertEqual(sorted(p.name for p in self.folder.glob("part*")), ["part-001.mkv", "part-002.mkv"])

    def test_warnings_are_kept_and_the_task_succeeds(self):
        said = self.run_job(merge([("source.mkv", {"track-name": "9:x"})], [(0, 0)], "out.mkv"))
        self.assertIn("task_warning", said)
        self.assertIn("A track with the ID 9 was requested", said)
        self.assertTrue((self.folder / "out.mkv").exists())

    def test_what_mkvmerge_complains_about_is_the_reason(self):
        said = self.fail_job(merge(["source.mkv"], [(0, 0, {"sync": "x"})], "out.mkv"))
        self.assertIn("exit code 2", said)
        self.assertIn("Invalid sync option", said)
        self.assertFalse((self.folder / "out.mkv").exists())


class ExtractTest(MkvTest):
    def test_every_mode_writes_its_files(self):
        (self.folder / "b").mkdir()
        self.run_job(extract(
            "rich.mkv",
            tracks=[{"id": 1, "track_type": "subtitles", "language": "eng", "filename": "signs.ass"},
                    {"id": 0, "language": "jpn", "filename": "a.flac"}, {"id": 1, "filename": "b/a.flac"}],
            attachments=[{"id": 2, "filename": "f.otf"}], chapters="chap ters.xml", tags="tags.xml",
            timestamps=[{"id": 0, "filename": "times.txt"}], cues=[{"id": 0, "filename": "cues.txt"}]))
        self.assertIn("Dialogue:", (self.folder / "signs.ass").read_text())
        self.assertEqual((self.folder / "f.otf").read_text(), "font two\n")
        self.assertIn("<ChapterString>Two</ChapterString>", (self.folder / "chap ters.xml").read_text())
        self.assertIn("Nobody", (self.folder / "tags.xml").read_text())
        self.assertEqual(len((self.folder / "times.txt").read_text().splitlines()), 2 + 125)  # a header, and where the last frame ends
        self.assertTrue((self.folder / "cues.txt").read_text())
        stereo = identify(self.folder / "a.flac")["tracks"][0]["properties"]["audio_channels"]
        mono = identify(self.folder / "b" / "a.flac")["tracks"][0]["properties"]["audio_channels"]
        self.assertEqual((stereo, mono), (2, 1))

    def test_what_the_source_has_not_is_told_and_no_failure(self):
        self.run_job(merge(["subs.srt"], [(0, 0)], "bare.mkv", options={"disable-track-statistics-tags": None}))
        said = self.run_job(extract("bare.mkv", chapters="c.xml", tags="t.xml",
                                    tracks=[{"id": 0, "filename": "s.srt"}]))
        self.assertIn("has no chapters", said)
        self.assertTrue((self.folder / "s.srt").exists())
        self.assertFalse((self.folder / "c.xml").exists())

    def test_a_full_disk_is_no_success(self):
        small = self.folder / "small"
        small.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80k", "tmpfs", small]).returncode != 0:
            self.skipTest("may not mount a small file system")
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        (small / "filler").write_bytes(bytes(80 << 10))
        for task in (extract("rich.mkv", attachments=[{"id": 1, "filename": "small/f.ttf"}]),
                     merge(["source.mkv"], [(0, 0)], "small/out.mkv")):
            self.assertIn("space left", self.fail_job(task))  # mkvextract itself exits with 0
            self.assertEqual(os.listdir(small), ["filler"])

    def test_a_bad_task_fails_before_anything_is_written(self):
        said = self.fail_job(merge(["source.mkv"], [(0, 0)], "out.mkv"),
                             extract("rich.mkv", tracks=[{"id": 3, "track_type": "audio", "filename": "a"}]))
        self.assertIn("/tasks/1/data/tracks/0/id", said)
        self.assertIn("3 audio (AC-3 eng)", said)
        self.assertFalse((self.folder / "out.mkv").exists())


class PlanTest(MkvTest):
    ENCODE = {"module": "ffmpeg", "data": {
        "sources": ["source.mkv"], "source_maps": [{"source": 0, "specifier": "a"}, {"source": 0, "specifier": "v"}],
        "output_maps": [{"specifier": "v", "stream": 0, "options": {"codec": "mpeg4"}},
                        {"specifier": "a", "stream": 0, "options": {"codec": "flac"}}],
        "output_file": "encoded.mkv"}}

    def test_types_come_from_the_maps_of_an_earlier_encode(self):
        mux = merge(["encoded.mkv"], [(0, 2), (0, 0)], "out.mkv")
        tasks, _ = self.plan(self.ENCODE, mux, extract("out.mkv", tracks=[{"id": 0, "track_type": "audio", "filename": "a"}]))
        self.assertEqual(tasks[1]["argv"][3:9], ["--video-tracks", "2", "--audio-tracks", "0", "--no-subtitles", "--no-buttons"])
        self.assertEqual(tasks[2]["argv"], ["mkvextract", "out.mkv", "tracks", "1:a"])
        self.run_job(self.ENCODE, mux)
        self.assertEqual([t["type"] for t in identify(self.folder / "out.mkv")["tracks"]], ["video", "audio"])

    def test_both_tools_tell_how_far_they_are(self):
        large = self.folder / "large.mka"
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "anullsrc=r=192000:cl=7.1", "-t", "100",
                        "-c:a", "pcm_s16le", large], check=True, timeout=DEADLINE)
        done = self.sisyphus("run", merge(["large.mka"], [(0, 0)], "out.mka"),
                             extract("out.mka", tracks=[{"id": 0, "filename": "out.wav"}]), options=["--json"])
        self.assertEqual(done.returncode, 0, done.stderr)
        told = [event for event in map(json.loads, done.stdout.splitlines()) if event["event"] == "progress"]
        for tool in ("mkvmerge", "mkvextract"):
            percents = [event["progress"]["percent"] for event in told
                        if event.get("task") == tool and "percent" in event["progress"]]
            self.assertEqual(percents, sorted(percents))
            self.assertTrue(any(0 < percent < 100 for percent in percents), (tool, percents))
        whole = [event["job_percent"] for event in told]
        self.assertEqual(whole, sorted(whole))

    def test_a_track_that_an_encode_will_not_write_is_found_before_it_runs(self):
        tasks, _ = self.plan(self.ENCODE, merge(["encoded.mkv"], [(0, 3)], "out.mkv"), code=2)
        self.assertIsNone(tasks[1]["argv"])
        self.assertIn("it has 0 audio, 1 audio, 2 video", tasks[1]["error"])

    def test_what_cannot_be_told_yet_is_deferred_and_runs(self):
        tasks = [extract("rich.mkv", tracks=[{"id": 5, "filename": "made.srt"}]),
                 merge(["made.srt"], [(0, 0)], "out.mkv"),
                 {"module": "cleanup", "data": {"move": [{"source": "out.mkv", "destination": "moved.mkv"}]}}]
        planned, said = self.plan(*tasks)
        self.assertIsNone(planned[1]["argv"])
        self.assertIn("made.srt", planned[1]["deferred"])
        self.assertNotIn("error", planned[1])
        self.assertEqual(planned[1]["outputs"], [str(self.folder / "out.mkv")])
        self.assertEqual(said, "")
        self.assertEqual(self.sisyphus("validate", *tasks).returncode, 0)
        self.run_job(*tasks)
        self.assertEqual([t["type"] for t in identify(self.folder / "moved.mkv")["tracks"]], ["subtitles"])

    def test_a_file_that_an_earlier_task_replaces_is_looked_at_again(self):
        shutil.copy(self.folder / "subs.srt", self.folder / "made")
        self.run_job(extract("rich.mkv", tracks=[{"id": 3, "filename": "made"}]), merge(["made"], [(0, 0)], "out.mkv"))
        self.assertEqual([t["type"] for t in identify(self.folder / "out.mkv")["tracks"]], ["audio"])

    def test_a_missing_source_is_an_error_where_its_tracks_are_chosen_and_a_warning_elsewhere(self):
        (task,), said = self.plan(merge(["none.mkv"], [(0, 0)], "out.mkv"), code=2)
        self.assertIsNone(task["argv"])
        self.assertIn("none.mkv does not exist", task["error"])
        (task,), said = self.plan(merge(["source.mkv", "none.mkv"], [(0, 0)], "out.mkv"))
        self.assertIn("--video-tracks", task["argv"])
        self.assertIn("warning: /tasks/0/data/sources/1/filename", said)
        (task,), said = self.plan(extract("none.mkv", chapters="c.xml"))
        self.assertEqual(task["argv"], ["mkvextract", "none.mkv", "chapters", "c.xml"])
        self.assertIn("warning", said)
        done = self.sisyphus("validate", extract("none.mkv", chapters="c.xml"))
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
