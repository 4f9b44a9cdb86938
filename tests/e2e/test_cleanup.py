"""Files that `cleanup` moves, copies and deletes: on two file systems, through bind mounts, on disks that are full or
read-only, and killed at every system call that changes something. There is always a whole film."""

import collections
import hashlib
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from farm import (DEADLINE, Farm, clip, encode_task, hidden_folders, job_of, mount, mount_privately, remount,
                  small_disk)

mount_privately()

FILE_TOOL = os.environ["SISYPHUS_FILE_TOOL"]
FILM = random.Random(1).randbytes(2_500_000)  # several pieces of a copy by hand
OLD = b"what was there before"
# Every system call with which a file or a folder is changed; those with "?" are not on every machine. Opening a file
# is none: it is killed at the next one, when the file is there and empty.
CHANGES = ",".join((
    "copy_file_range", "sendfile", "write", "writev", "pwrite64", "ftruncate", "fallocate", "mkdirat", "?mkdir",
    "renameat2", "?renameat", "?rename", "linkat", "?link", "unlinkat", "?unlink", "?rmdir", "fsync", "fdatasync",
    "fchmod", "fchown", "fsetxattr", "utimensat", "exit_group"))

STRACE = ("strace", "-f", "-qq")
STRACE_A_WORKER = ("strace", "-D", "-f", "-qq")  # the tracer as the grandchild: what is started is the worker itself


def run(*argv, **options):
    # A leak cannot be looked for below strace.
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    return subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE, check=False, env=environment,
                          **options)


def read(path):
    return pathlib.Path(path).read_bytes()


def content(path):
    return read(path) if os.path.exists(path) else None


class Places(unittest.TestCase):
    """`here` on the disk of temporary files, `there` on a disk of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sisyphus-cleanup-")
        self.addCleanup(folder.cleanup)
        self.state = os.path.join(folder.name, "state")
        self.here = os.path.join(folder.name, "here")
        os.mkdir(self.here)
        self.there = small_disk(self, "64m")
        self.assertNotEqual(os.stat(self.here).st_dev, os.stat(self.there).st_dev)

    def film(self, name="film.mkv", data=FILM):
        path = os.path.join(self.here, name)
        pathlib.Path(path).write_bytes(data)
        return path

    def tool(self, *arguments, under=()):
        return run(*under, FILE_TOOL, self.state, *arguments)

    def assert_done(self, *arguments, outcome="done"):
        done = self.tool(*arguments)
        self.assertEqual((done.returncode, done.stdout), (0, outcome + "\n"), done.stderr)

    def assert_refused(self, word, *arguments):
        done = self.tool(*arguments)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(word, done.stderr)

    def names(self):
        return sorted(os.listdir(self.here)), sorted(os.listdir(self.there))


class KilledAtEveryChange(Places):
    def assert_survives(self, verb, folder, old):
        """Kills it at the first change, at the second, and so on to the last of those that a whole run makes."""
        kept = hashlib.sha256(FILM).digest()
        source, target = os.path.join(self.here, "film.mkv"), os.path.join(folder, "target.mkv")
        self.start_again(target, old)
        changes = self.changes(verb, source, target)
        self.assert_moved(verb, source, target)
        self.assertGreater(sum(changes.values()), 10, changes)
        for call, count in changes.items():
            for number in range(1, count + 1):
                with self.subTest(verb=verb, call=call, number=number):
                    self.start_again(target, old)
                    killed = self.tool(verb, source, target, under=(
                        *STRACE, "-o", "/dev/null", "-e", f"trace={call}", "-e",
                        f"inject={call}:signal=SIGKILL:when={number}"))
                    self.assertEqual(killed.returncode, -signal.SIGKILL, killed.stderr)
                    found = {path: content(path) for path in (source, target)}
                    self.assertIn(kept, [hashlib.sha256(data).digest() for data in found.values() if data])
                    self.assertIn(found[source], (FILM,) if verb == "copy" else (FILM, None))
                    self.assertIn(found[target], (old, FILM))
                    self.rerun(verb, source, target)

    def start_again(self, target, old):
        shutil.rmtree(self.state, ignore_errors=True)
        self.film()
        pathlib.Path(target).unlink(missing_ok=True)
        if old is not None:
            pathlib.Path(target).write_bytes(old)

    def changes(self, verb, source, target):
        """How often a whole run makes each of the system calls that change something."""
        log = self.state + ".strace"
        done = self.tool(verb, source, target, under=(*STRACE, "-o", log, "-e", f"trace={CHANGES}"))
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = re.findall(r"^\d+ +(\w+)\(", pathlib.Path(log).read_text(encoding="utf-8", errors="replace"), re.M)
        return collections.Counter(calls)

    def rerun(self, verb, source, target):
        """The next start: it sweeps, and does what is left to do."""
        had_source = os.path.exists(source)
        done = self.tool(verb, source, target)
        self.assertEqual(done.returncode, 0 if had_source else 1, done.stderr)
        self.assert_moved(verb, source, target)

    def assert_moved(self, verb, source, target):
        self.assertEqual(content(source), FILM if verb == "copy" else None)
        self.assertEqual(read(target), FILM)
        expected = {source, target} if verb == "copy" else {target}
        found = {os.path.join(folder, name) for folder in (self.here, self.there) for name in os.listdir(folder)}
        self.assertEqual(found, expected)
        self.assertEqual(os.listdir(os.path.join(self.state, "jobs")), [])

    def test_a_move_within_a_file_system(self):
        self.assert_survives("move", self.here, None)

    def test_a_move_within_a_file_system_over_an_old_file(self):
        self.assert_survives("move", self.here, OLD)

    def test_a_move_to_another_file_system(self):
        self.assert_survives("move", self.there, None)

    def test_a_move_to_another_file_system_over_an_old_file(self):
        self.assert_survives("move", self.there, OLD)

    def test_a_copy_within_a_file_system(self):
        self.assert_survives("copy", self.here, None)

    def test_a_copy_within_a_file_system_over_an_old_file(self):
        self.assert_survives("copy", self.here, OLD)

    def test_a_copy_to_another_file_system(self):
        self.assert_survives("copy", self.there, None)

    def test_a_copy_to_another_file_system_over_an_old_file(self):
        self.assert_survives("copy", self.there, OLD)


class OrderOnDisk(Places):
    """What a power cut would show: nothing is renamed before its content is on disk, nothing is deleted before the
    name of its copy is."""

    def changes(self, verb, source, target):
        log = self.state + ".strace"
        done = self.tool(verb, source, target, under=(
            *STRACE, "-y", "-z", "-o", log, "-e", "trace=fsync,?rename,renameat,renameat2,?unlink,unlinkat"))
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = pathlib.Path(log).read_text(encoding="utf-8").splitlines()
        calls = [re.sub(r"^\d+ +", "", line) for line in lines]
        folder = "/.sisyphus-11111111-2222-4333-8444-555555555555-1/"
        short = []
        for call in calls:
            if self.here not in call and self.there not in call:
                continue  # the state folder's
            name = re.match(r"(fsync|rename|unlink)", call).group(1)
            paths = re.findall(r'[<"](/[^>"]*)[>"]', call)
            words = ["STAGED" if folder in path else "SOURCE" if path == source else "TARGET" if path == target else
                     {self.here: "HERE", self.there: "THERE"}.get(path, "") for path in paths]
            if any(words):
                short.append(" ".join([name, *words]))
        return short

    def test_a_move_to_another_file_system(self):
        source, target = self.film(), os.path.join(self.there, "target.mkv")
        self.assertEqual(self.changes("move", source, target), [
            "fsync SOURCE", "fsync STAGED", "rename STAGED TARGET", "fsync THERE", "unlink SOURCE", "fsync HERE"])

    def test_a_move_within_a_file_system(self):
        source, target = self.film(), os.path.join(self.here, "target.mkv")
        self.assertEqual(self.changes("move", source, target), [
            "fsync SOURCE", "rename SOURCE TARGET", "fsync HERE", "fsync HERE"])

    def test_what_a_job_has_encoded_is_on_disk_before_it_deletes_the_source(self):
        farm = Farm(self)
        source, output = os.path.join(self.here, "source.mkv"), os.path.join(self.here, "film.mkv")
        pathlib.Path(source).write_bytes(read(clip()))
        server = farm.server()
        log = farm.path("strace")
        farm.worker(server.url, environment={"ASAN_OPTIONS": "detect_leaks=0"}, under=(
            *STRACE_A_WORKER, "-y", "-o", log, "-P", source, "-P", output, "-P", self.here, "-e",
            "trace=fsync,?unlink,unlinkat"))
        job_id = server.submit(job_of(encode_task(source, output), {"module": "cleanup", "data": {"delete": [source]}}))
        server.wait_state(job_id, "completed")
        calls = pathlib.Path(log).read_text(encoding="utf-8")
        self.assertRegex(calls, rf"(?s)fsync\(\d+<{output}>\) += 0.*fsync\(\d+<{self.here}>\) += 0.*"
                                rf"unlink\(\"{source}\"\) += 0")


class Disks(Places):
    def test_a_disk_that_fills_up_in_the_middle_keeps_the_source_and_the_old_destination(self):
        small = small_disk(self, "1m")
        source, target = self.film(), os.path.join(small, "film.mkv")
        pathlib.Path(target).write_bytes(OLD)
        for verb in ("move", "copy"):
            self.assert_refused("No space left on device", verb, source, target)
            self.assertEqual((read(source), read(target)), (FILM, OLD))
            self.assertEqual(os.listdir(small), ["film.mkv"])

    def test_a_destination_that_is_read_only(self):
        source = self.film()
        remount(self.there, "ro")
        self.assert_refused("Read-only file system", "move", source, os.path.join(self.there, "film.mkv"))
        self.assertEqual(read(source), FILM)

    def test_a_source_that_cannot_be_deleted_is_kept_beside_its_copy(self):
        pathlib.Path(self.there, "film.mkv").write_bytes(FILM)
        remount(self.there, "ro")
        source, target = os.path.join(self.there, "film.mkv"), os.path.join(self.here, "film.mkv")
        self.assert_refused("copied, but the source stays", "move", source, target)
        self.assertEqual((read(source), read(target)), (FILM, FILM))

    def test_one_file_through_two_mounts_is_nothing_to_do(self):
        source = self.film()
        mount(self, "none", self.here, "bind", self.there)
        self.assertRaises(OSError, os.rename, source, os.path.join(self.there, "film.mkv"))  # EXDEV
        self.assert_done("move", source, os.path.join(self.there, "film.mkv"), outcome="skipped")
        self.assertEqual(read(source), FILM)
        self.assertEqual(os.listdir(self.here), ["film.mkv"])

    def test_a_move_through_another_mount_of_the_same_disk(self):
        source = self.film()
        mount(self, "none", self.here, "bind", self.there)
        self.assert_done("move", source, os.path.join(self.there, "moved.mkv"))
        self.assertEqual(os.listdir(self.here), ["moved.mkv"])
        self.assertEqual(read(os.path.join(self.here, "moved.mkv")), FILM)

    def test_the_source_seen_through_an_overlay_is_not_deleted(self):
        """Another device number, and yet the same file: copy-then-delete would delete the only one."""
        layers = [os.path.join(self.there, name) for name in ("lower", "upper", "work", "merged")]
        for layer in layers:
            os.mkdir(layer)
        lower, upper, work, merged = layers
        source = os.path.join(upper, "film.mkv")
        pathlib.Path(source).write_bytes(FILM)
        mount(self, "overlay", "overlay", f"lowerdir={lower},upperdir={upper},workdir={work}", merged)
        self.assert_refused("both are kept", "move", source, os.path.join(merged, "film.mkv"))
        self.assertEqual(read(source), FILM)

    def test_the_working_folder_and_the_root_are_not_deleted_under_any_name(self):
        work = os.path.join(self.here, "work")
        os.mkdir(work)
        os.symlink(self.here, os.path.join(self.here, "link"))
        mount(self, "none", work, "bind", self.there)
        for path in (work, work + "/", work + "/.", f"{self.here}/link/work", f"{work}/../work", self.there):
            self.assert_refused("working folder", "delete", path, work)
        root = os.path.join(self.here, "root")
        os.mkdir(root)
        mount(self, "none", "/", "rbind", root)
        for path in ("/", "//", "/..", "/../", "/.", root):
            self.assert_refused("root folder", "delete", path, work)
        self.assertTrue(os.path.isdir(work))

    def test_a_link_to_the_working_folder_is_only_a_link(self):
        os.symlink(self.here, os.path.join(self.there, "link"))
        self.assert_done("delete", os.path.join(self.there, "link"), self.here)
        self.assertEqual(self.names(), ([], []))


class Jobs(Places):
    """The same of a farm: what becomes of the job."""

    def setUp(self):
        super().setUp()
        self.farm = Farm(self)

    def task(self, verb, folder=None):
        self.source, self.target = self.film(), os.path.join(folder or self.there, "target.mkv")
        return {"module": "cleanup", "data": {verb: [{"source": self.source, "destination": self.target}]}}

    def killed_at(self, call, verb, *server_flags):
        """The job of a worker that is killed at this system call of its copy; the server and the job's id."""
        server = self.farm.server(*server_flags)
        job_id = server.submit(job_of(self.task(verb)))
        worker = self.farm.worker(server.url, environment={"ASAN_OPTIONS": "detect_leaks=0"}, ready=False, under=(
            *STRACE_A_WORKER, "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL"))
        self.assertEqual(worker.wait(), -signal.SIGKILL)
        return server, job_id

    def assert_no_leftovers(self):
        self.assertEqual(hidden_folders(self.here) + hidden_folders(self.there), [])

    def test_a_worker_killed_during_a_move_leaves_the_job_to_a_person_and_nothing_behind(self):
        server, job_id = self.killed_at("fchmod", "move", "--lease", "1")
        self.assertEqual((read(self.source), os.path.exists(self.target)), (FILM, False))
        self.assertEqual(len(hidden_folders(self.there)), 1)
        with server.events(f"/jobs/{job_id}/events") as events:
            events.wait(lambda event: event.type == "state" and event.data["state"] == "paused", "it waits")
        self.assertIn("it has changed files already", server.job(job_id)["message"])
        worker = self.farm.worker(server.url)
        worker.wait_log(f"swept job_id={job_id}")
        self.assert_no_leftovers()
        self.assertEqual(server.job(job_id)["state"], "paused")
        self.assertEqual(server.call("POST", f"/jobs/{job_id}/retry").status, 200)
        server.wait_state(job_id, "completed")
        self.assertEqual((content(self.source), read(self.target)), (None, FILM))
        self.assert_no_leftovers()

    def test_a_worker_killed_during_a_copy_does_it_again(self):
        server, job_id = self.killed_at("fchmod", "copy", "--lease", "1")
        self.assertEqual(len(hidden_folders(self.there)), 1)
        self.farm.worker(server.url).wait_log(f"swept job_id={job_id}")
        self.assert_no_leftovers()
        self.assertEqual(server.wait_state(job_id, "completed")["attempt"], 2)
        self.assertEqual((read(self.source), read(self.target)), (FILM, FILM))
        self.assert_no_leftovers()

    def test_nothing_is_moved_before_the_server_has_noted_it(self):
        server = self.farm.server()
        worker = self.farm.worker(server.url)
        options = {"codec": "libx264", "preset": "ultrafast", "tune": "zerolatency"}
        encode = encode_task(clip(), self.farm.path("film.mkv"), input_options={"re": True},
                             output_maps=[{"specifier": "v", "stream": 0, "options": options}])
        job_id = server.submit(job_of(encode, self.task("move")))
        server.wait_progress(job_id)
        server.kill()
        worker.wait_log(f"irreversible_not_marked job_id={job_id}", count=2)
        self.assertEqual((read(self.source), os.path.exists(self.target)), (FILM, False))
        server = self.farm.server(port=server.port)
        server.wait_state(job_id, "completed")
        self.assertEqual((content(self.source), read(self.target)), (None, FILM))

    def test_a_full_disk_pauses_a_move_with_the_reason_and_a_retry_finishes_it(self):
        server = self.farm.server()
        self.farm.worker(server.url)
        small = small_disk(self, "1m")
        job_id = server.submit(job_of(self.task("move", small)))
        with server.events(f"/jobs/{job_id}/events") as events:
            events.wait(lambda event: event.type == "state" and event.data["state"] == "paused", "it waits")
        self.assertIn("No space left on device", server.job(job_id)["message"])
        self.assertEqual((read(self.source), os.listdir(small)), (FILM, []))
        remount(small, "size=64m")
        self.assertEqual(server.call("POST", f"/jobs/{job_id}/retry").status, 200)
        server.wait_state(job_id, "completed")
        self.assertEqual((content(self.source), read(self.target)), (None, FILM))

    def test_a_source_in_a_folder_that_cannot_be_written_is_found_before_it_is_copied(self):
        task = self.task("move")
        pathlib.Path(self.there, "film.mkv").write_bytes(FILM)
        remount(self.there, "ro")
        task["data"]["move"] = [{"source": os.path.join(self.there, "film.mkv"), "destination": self.here + "/new"}]
        server = self.farm.server()
        self.farm.worker(server.url)
        message = server.wait_state(server.submit(job_of(task)), "failed")["message"]
        self.assertIn("/tasks/0/data/move/0/source", message)
        self.assertIn("cannot be moved away", message)


if __name__ == "__main__":
    unittest.main()
