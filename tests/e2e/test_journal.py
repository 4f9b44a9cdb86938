"""The data folder: compaction beside a running server, and `sisyphus journal` on it."""

import json
import pathlib
import unittest

from farm import BINARY, Farm, Process, job_of

NOBODYS = {"module": "teleport", "data": {}}  # waits for ever
LARGE = job_of({"module": "teleport", "data": {"filling": "x" * 400_000}})


class JournalCase(unittest.TestCase):
    def setUp(self):
        self.farm = Farm(self)
        self.server = self.farm.server("--segment", "1", "--max-body", "1")  # segments of 2 MiB
        self.folder = self.farm.path("data")

    def journal(self, action, *flags):
        return self.farm.run("journal", action, self.folder, *flags)

    def json_of(self, action, *flags):
        return json.loads(self.journal(action, "--json", *flags).stdout)


class LiveFolder(JournalCase):
    def test_dump_shows_every_record_as_a_line_and_documents_when_asked(self):
        job_id = self.server.submit(job_of(NOBODYS, title="first line\nsecond line"))
        self.server.call("POST", "/data/ffmpeg/archive", {"codec": "libx264"})
        brief = [json.loads(line) for line in self.journal("dump").stdout.splitlines()]
        self.assertEqual([record["type"] for record in brief], ["started", "submitted", "document_stored"])
        self.assertEqual((brief[1]["job_id"], brief[1]["modules"]), (job_id, ["teleport"]))
        self.assertNotIn("document", brief[1])
        whole = [json.loads(line) for line in self.journal("dump", "--documents").stdout.splitlines()]
        self.assertEqual(whole[1]["document"]["job_title"], "first line\nsecond line")
        self.assertEqual(whole[2]["document"]["codec"], "libx264")

    def test_verify_and_stats_count_what_is_there(self):
        for _ in range(3):
            self.server.submit(job_of(NOBODYS))
        self.assertEqual(self.journal("verify").returncode, 0)
        self.assertEqual(self.json_of("verify")["jobs"], 3)
        stats = self.json_of("stats")
        self.assertEqual(stats["jobs"], {"queued": 3})
        self.assertEqual(stats["records"], {"started": 1, "submitted": 3})
        self.assertIn("3 queued", self.journal("stats").stdout)

    def test_repair_is_refused_while_a_server_has_the_folder(self):
        refused = self.journal("repair", "--yes")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("another server uses this folder", refused.stderr)

    def test_a_folder_without_a_journal_is_told(self):
        told = self.farm.run("journal", "verify", self.farm.path("nothing"))
        self.assertEqual(told.returncode, 2)
        self.assertIn("nothing", told.stderr)


class Damage(JournalCase):
    def setUp(self):
        super().setUp()
        self.ids = [self.server.submit(job_of(NOBODYS, title=title)) for title in ("one", "two", "three")]
        self.server.kill()
        self.segment = pathlib.Path(self.folder, "journal-0000000001.log")
        self.damaged = self.segment.read_bytes().replace(b'"two"', b'"TWO"')
        self.segment.write_bytes(self.damaged)

    def test_verify_names_file_and_offset_and_the_server_names_the_command(self):
        told = self.journal("verify")
        self.assertEqual(told.returncode, 1)
        self.assertRegex(told.stderr, rf"{self.segment} is damaged at byte \d+: frame \d+ is not whole")
        found = self.json_of("verify")
        self.assertEqual((found["ok"], found["file"]), (False, str(self.segment)))
        server = Process([BINARY, "server", "--data-dir", self.folder], self.farm.path("refused.log"),
                         env=self.farm.environment())
        self.assertEqual(server.wait(), 1)
        self.assertIn(f"sisyphus journal repair {self.folder}", "\n".join(server.lines))

    def test_repair_says_what_is_lost_keeps_the_rest_and_the_damaged_files(self):
        planned = self.journal("repair")
        self.assertEqual(planned.returncode, 1)
        self.assertRegex(planned.stdout, rf"{self.segment}, bytes \d+ to \d+, batch \d+: it is not whole")
        self.assertIn("submitted as number 2 to 2", planned.stdout)
        self.assertEqual(self.segment.read_bytes(), self.damaged)
        done = self.json_of("repair", "--yes")
        self.assertEqual((done["repaired"], done["jobs"], done["lost_jobs"]), (True, 2, [[2, 2]]))
        self.assertEqual(pathlib.Path(done["damaged_files"], self.segment.name).read_bytes(), self.damaged)
        self.assertIn("nothing to repair", self.journal("repair", "--yes").stdout)
        self.server = self.farm.server()
        self.assertEqual([self.server.call("GET", f"/jobs/{job_id}").status for job_id in self.ids], [200, 404, 200])


class History(JournalCase):
    TAIL = "a line of the tool\n" * 1000  # 19 kB

    def end_job(self, failed=True):
        """As a worker would, with a log tail."""
        job_id = self.server.submit(job_of(NOBODYS))
        token = self.server.call("GET", "/queue/poll?worker_id=w").json["jobs"][0]["lease"]["token"]
        body = {"failed": failed, "lease": token, "info": {"message": f"it broke:\n{self.TAIL}", "job": job_id}}
        self.assertEqual(self.server.call("PATCH", f"/jobs/{job_id}/completed", body).status, 204)
        return job_id

    def assert_readable(self, job_id):
        for shown in (self.server.job(job_id), self.server.call("GET", "/jobs").json["jobs"][-1]):
            self.assertEqual(shown["state"], "failed")
            self.assertEqual(shown["message"], f"it broke:\n{self.TAIL}")
            self.assertEqual(shown["info"]["job"], job_id)
            self.assertEqual(shown["worker_id"], "w")
            self.assertTrue(shown["attempts"][0]["reason"].startswith("it broke:\na line of the tool"))
            self.assertLessEqual(shown["started_at"], shown["finished_at"])

    def files(self):
        return sorted(path.name for path in pathlib.Path(self.folder, "history").iterdir())

    def test_message_and_info_are_there_after_a_kill_and_a_compaction(self):
        job_id = self.end_job()
        self.assert_readable(job_id)
        self.server.kill()
        self.server = self.farm.server("--segment", "1", "--max-body", "1")
        self.assert_readable(job_id)
        for _ in range(40):  # 16 MB
            self.server.call("DELETE", f"/jobs/{self.server.submit(LARGE)}")
        self.server.wait_log("journal_compacted")
        self.assert_readable(job_id)
        self.server.kill()
        self.assertGreater(self.json_of("stats")["snapshot_bytes"], 0)
        self.assertEqual(self.json_of("verify")["texts"], 1)
        self.server = self.farm.server("--segment", "1", "--max-body", "1")
        self.assert_readable(job_id)

    def test_texts_are_not_in_the_journal(self):
        self.end_job()
        before = self.journal("dump").stdout
        self.assertNotIn(self.TAIL[:600], json.loads(before.splitlines()[-1])["message"])
        whole = json.loads(self.journal("dump", "--documents").stdout.splitlines()[-1])
        self.assertEqual(whole["text"]["message"], f"it broke:\n{self.TAIL}")
        self.assertEqual(list(json.loads(whole["text"]["info"])), ["message", "job"])
        stats = self.json_of("stats")
        self.assertEqual(stats["texts"], 1)
        self.assertGreater(stats["history_bytes"], 2 * len(self.TAIL))

    def test_a_damaged_text_is_told_and_the_job_is_readable(self):
        job_id = self.end_job()
        self.server.kill()
        file = pathlib.Path(self.folder, "history", self.files()[0])
        file.write_bytes(file.read_bytes().replace(b"a line", b"A line", 1))
        told = self.journal("verify")
        self.assertEqual(told.returncode, 1)
        self.assertIn(f"job {job_id}: {file} is damaged at byte 24", told.stderr)
        found = self.json_of("verify")
        self.assertEqual((found["ok"], [text["job_id"] for text in found["damaged_texts"]]), (False, [job_id]))
        self.server = self.farm.server()
        shown = self.server.job(job_id)
        self.assertEqual((shown["state"], "info" in shown), ("failed", False))
        self.assertIn(f"(what else it said cannot be read: {file} is damaged at byte 24)", shown["message"])
        self.server.wait_log(f"history_damaged job_id={job_id} error=.*is damaged at byte 24")
        file.unlink()
        self.server.kill()
        self.server = self.farm.server()
        self.server.wait_log("history_trouble .*is not there: the texts of 1 finished jobs are lost")
        self.assertEqual(self.server.job(job_id)["state"], "failed")

    def test_what_was_deleted_leaves_the_disk_and_a_file_goes_with_its_last_job(self):
        job_id = self.end_job()
        folder = pathlib.Path(self.folder, "history")
        self.assertIn(b"a line of the tool", folder.joinpath(self.files()[0]).read_bytes())
        self.assertEqual(self.server.call("DELETE", f"/jobs/{job_id}").status, 204)
        self.assertNotIn(b"a line of the tool", folder.joinpath(self.files()[0]).read_bytes())
        self.server.kill()
        self.server = self.farm.server()
        self.assertEqual(self.files(), [])


class Compaction(JournalCase):
    def test_what_was_removed_leaves_the_disk_and_the_rest_stays(self):
        kept = [self.server.submit(job_of(NOBODYS, title="before"))]
        self.server.call("POST", "/data/ffmpeg/archive", {"codec": "libx264"})
        for _ in range(40):  # 16 MB
            self.server.call("DELETE", f"/jobs/{self.server.submit(LARGE)}")
        self.server.wait_log("journal_compacted")
        kept.append(self.server.submit(job_of(NOBODYS, title="after")))
        self.server.kill()
        stats = self.json_of("stats")
        self.assertLess(stats["bytes"], 9_000_000)
        self.assertGreater(stats["snapshot_bytes"], 0)
        self.assertEqual(stats["jobs"], {"queued": 2})
        self.server = self.farm.server()
        self.assertEqual([self.server.job(job_id)["job_title"] for job_id in kept], ["before", "after"])
        self.assertEqual(self.server.call("GET", "/data/ffmpeg/archive").json["codec"], "libx264")


if __name__ == "__main__":
    unittest.main()
