"""A farm of the real binary for end-to-end tests: servers, workers, clients and an eye on what they leave behind.

Nothing here sleeps to be right. What can be waited for as an event (a line of a log, a server-sent event, the end of
a process) is; only what the kernel tells nobody (a process's state letter) is asked again until a deadline.
"""

import http.client
import json
import os
import pathlib
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

BINARY = os.environ["SISYPHUS_BINARY"]
FAKE_TOOL = os.environ["SISYPHUS_FAKE_TOOL"]
DEADLINE = 30.0  # seconds that any one event may take on a busy machine
MARK_MOUNTS = "SISYPHUS_TEST_MOUNTS"  # in the environment of a test program that may mount
MARK = "SISYPHUS_TEST_FARM"  # in the environment of all that a farm starts, so that survivors can be found
TERMINAL = ("completed", "failed", "cancelled")

_clips = {}
_clip_folder = None


def mount_privately():
    """For a program that mounts: call it at import. Starts the program again where it may mount and nobody else sees
    it. Where that is refused, the program ends with an error: a test that did not run must not look green."""
    if os.environ.get(MARK_MOUNTS) == str(os.getpid()):
        return
    os.environ[MARK_MOUNTS] = str(os.getpid())
    own_user = [] if os.geteuid() == 0 else ["--map-root-user"]
    os.execvp("unshare", ["unshare", "--mount", *own_user, sys.executable, *sys.orig_argv[1:]])


def mount(test, kind, source, options, folder=None):
    """Mounts, on a new folder if none is given, until the test's end; the folder."""
    if folder is None:
        folder = tempfile.mkdtemp(prefix="sisyphus-disk-")
        test.addCleanup(os.rmdir, folder)
    subprocess.run(["mount", "-t", kind, "-o", options, source, folder], check=True)
    # Lazily: a process of the farm may still be ending.
    test.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=True)
    return folder


def small_disk(test, size):
    """A folder on a disk of its own, `size` as tmpfs takes it."""
    return mount(test, "tmpfs", "tmpfs", f"size={size}")


def remount(folder, options):
    """Changes a small_disk."""
    # The source is named so that mount(8) does not repeat the old options: a user of a namespace may not set those.
    subprocess.run(["mount", "-o", f"remount,{options}", "tmpfs", folder], check=True)


def clip(seconds=2, sound=True):
    """A short film of 320x180 at 25 frames a second, made once for each test program."""
    global _clip_folder
    if _clip_folder is None:
        _clip_folder = tempfile.mkdtemp(prefix="sisyphus-clips-")
        unittest.addModuleCleanup(_forget_clips)
    key = (seconds, sound)
    if key not in _clips:
        path = os.path.join(_clip_folder, f"clip-{seconds}s{'' if sound else '-mute'}.mkv")
        argv = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:d={seconds}"]
        if sound:
            argv += ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}", "-c:a", "flac"]
        subprocess.run([*argv, "-c:v", "libx264", "-preset", "ultrafast", path], check=True, timeout=DEADLINE)
        _clips[key] = path
    return _clips[key]


def _forget_clips():
    global _clip_folder
    shutil.rmtree(_clip_folder)
    _clip_folder = None
    _clips.clear()


def encode_task(source, output, **changes):
    """A short encode; `changes` replaces members of its data."""
    data = {
        "sources": [str(source)],
        "source_maps": [{"source": 0, "specifier": "v"}],
        "output_maps": [{"specifier": "v", "stream": 0, "options": {"codec": "libx264", "preset": "ultrafast"}}],
        "output_file": str(output),
    }
    return {"module": "ffmpeg", "data": data | changes}


def film_task(source, output, **input_options):
    """An encode in real time: it takes as long as its film does, costs next to nothing, and says at once how far it
    is."""
    options = {"codec": "libx264", "preset": "ultrafast", "tune": "zerolatency"}
    return encode_task(source, output, input_options={"re": True} | input_options,
                       output_maps=[{"specifier": "v", "stream": 0, "options": options}])


def endless_task(source, output):
    """Ten minutes of it."""
    return film_task(source, output, stream_loop=-1, t=600)


def job_of(*tasks, title="Awesome Encoding Job", **members):
    return {"job_title": title, "tasks": list(tasks), **members}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def probe_media(path):
    """What ffprobe says of a file that can be read to its end."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"], check=True,
                   timeout=DEADLINE)
    told = subprocess.run(["ffprobe", "-v", "error", "-print_format", "json", "-show_format", "-show_streams",
                           str(path)], check=True, capture_output=True, timeout=DEADLINE)
    return json.loads(told.stdout)


def hidden_folders(folder):
    return sorted(str(path) for path in pathlib.Path(folder).rglob(".sisyphus-*"))


def eventually(condition, what):
    """For what nobody sends an event of: asks until it is so."""
    end = time.monotonic() + DEADLINE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {DEADLINE} s: {what}")
        time.sleep(0.02)


def processes_where(name, text):
    """Ids of live processes in whose /proc/PID/`name` the text stands."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            content = pathlib.Path("/proc", entry, name).read_bytes()
            state = process_state(int(entry))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if text.encode() in content and state != "Z":
            found.append(int(entry))
    return found


def process_state(pid):
    """The state letter of proc(5)."""
    return pathlib.Path("/proc", str(pid), "stat").read_text().rpartition(") ")[2][0]


def encoders_of(job_id):
    """The ffmpeg processes of a job: the hidden folder of its attempt stands in their arguments."""
    found = []
    for pid in processes_where("cmdline", f".sisyphus-{job_id}-"):
        try:
            program = pathlib.Path("/proc", str(pid), "comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if program == "ffmpeg":
            found.append(pid)
    return found


def hang_up(connection):
    """Ends a socket that somebody may be reading from."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the server closed it first


def read_to_end(connection):
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def wait_until_gone(pid):
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poller = select.poll()
        poller.register(handle, select.POLLIN)
        if not poller.poll(DEADLINE * 1000):
            raise AssertionError(f"process {pid} is still there after {DEADLINE} s")
    finally:
        os.close(handle)


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)


class Process:
    """A process of the farm whose standard error is its log."""

    def __init__(self, argv, log_path, **options):
        self.argv = argv
        self.lines = []
        self._grown = threading.Condition()
        self._log_path = log_path
        self.popen = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, errors="replace", **options)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self):
        return self.popen.pid

    def _read(self):
        with open(self._log_path, "a", encoding="utf-8") as log:
            for line in self.popen.stderr:
                log.write(line)
                log.flush()
                with self._grown:
                    self.lines.append(line.rstrip("\n"))
                    self._grown.notify_all()
        with self._grown:
            self.lines.append("<end of log>")
            self._grown.notify_all()

    def wait_log(self, pattern, count=1):
        """The match of the `count`-th line in which the pattern is found."""
        expression = re.compile(pattern)
        end = time.monotonic() + DEADLINE
        with self._grown:
            while True:
                matches = [match for match in map(expression.search, self.lines) if match]
                if len(matches) >= count:
                    return matches[count - 1]
                ended = bool(self.lines) and self.lines[-1] == "<end of log>"
                left = end - time.monotonic()
                if ended or left <= 0:
                    raise AssertionError(f"{pattern!r} is not in the log of {self.argv}:\n" + "\n".join(self.lines))
                self._grown.wait(left)

    def has_logged(self, pattern):
        with self._grown:
            return any(re.search(pattern, line) for line in self.lines)

    def signal(self, number):
        self.popen.send_signal(number)

    def kill(self):
        self.popen.kill()
        return self.wait()

    def stop(self):
        """SIGTERM; the exit code."""
        self.popen.terminate()
        return self.wait()

    def wait(self):
        code = self.popen.wait(DEADLINE)
        self._reader.join(DEADLINE)
        self.popen.stderr.close()
        return code


class Server(Process):
    def __init__(self, argv, log_path, **options):
        super().__init__(argv, log_path, **options)
        self.port = int(self.wait_log(r"server_listening address=127\.0\.0\.1:(\d+)").group(1))
        self.url = f"http://127.0.0.1:{self.port}"

    def call(self, method, path, body=None, headers=None):
        """One request on a connection of its own. A body that is no text is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            if body is not None and not isinstance(body, (str, bytes)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
            connection.request(method, path, body, {"Content-Type": "application/json"} | (headers or {}))
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), DEADLINE)

    def raw(self, data):
        """Sends bytes, and returns all that comes back until the server closes."""
        with self.connect() as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return read_to_end(connection)

    def submit(self, job):
        reply = self.call("POST", "/queue", job)
        if reply.status != 200:
            raise AssertionError(f"the job was refused: {reply.text}")
        return reply.json["job_id"]

    def job(self, job_id):
        return self.call("GET", f"/jobs/{job_id}").json

    def events(self, path="/events", last_event_id=None):
        return Events(self.port, path, last_event_id)

    def wait_state(self, job_id, *states):
        """Follows the job's events to one of the states; the job as it is then. A terminal state ends the wait."""
        with self.events(f"/jobs/{job_id}/events") as events:
            found = events.wait(lambda event: event.type == "state" and
                                event.data["state"] in (*states, *TERMINAL), f"job {job_id} is {states}")
        if found.data["state"] not in states:
            raise AssertionError(f"job {job_id} became {found.data['state']}: {json.dumps(self.job(job_id))}")
        return self.job(job_id)

    def wait_progress(self, job_id):
        """The first progress that says a frame: the encoder is at work."""
        with self.events(f"/jobs/{job_id}/events") as events:
            return events.wait(lambda event: event.type == "progress" and event.data["progress"].get("frame"),
                               f"progress of job {job_id}")


class Event:
    def __init__(self, kind, data, event_id):
        self.type = kind
        self.data = data
        self.id = event_id


class Events:
    """A stream of server-sent events, read by a thread; use it as a context."""

    def __init__(self, port, path, last_event_id=None):
        self.seen = []
        self.ended = False
        self._grown = threading.Condition()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        self._connection.request("GET", path, headers=headers)
        self._socket = self._connection.sock
        self._response = self._connection.getresponse()
        if self._response.status != 200:
            raise AssertionError(f"GET {path}: {self._response.status} {self._response.read()}")
        self.headers = self._response.headers
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        hang_up(self._socket)
        self._reader.join(DEADLINE)
        self._response.close()
        self._connection.close()

    def _read(self):
        fields = {}
        try:
            for line in self._response:
                text = line.decode().rstrip("\n")
                if not text and "data" in fields:
                    self._add(Event(fields.get("event"), json.loads(fields["data"]), fields.get("id")))
                    fields = {}
                elif text and not text.startswith(":"):
                    name, _, value = text.partition(": ")
                    fields[name] = value
        except (OSError, ValueError, http.client.HTTPException):
            pass  # closed: by __exit__, or with the server
        with self._grown:
            self.ended = True
            self._grown.notify_all()

    def _add(self, event):
        with self._grown:
            self.seen.append(event)
            self._grown.notify_all()

    def wait(self, condition, what):
        """The first event that meets the condition, seen already or to come."""
        end = time.monotonic() + DEADLINE
        with self._grown:
            at = 0
            while True:
                for event in self.seen[at:]:
                    if condition(event):
                        return event
                at = len(self.seen)
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    told = [(event.type, event.data) for event in self.seen[-20:]]
                    raise AssertionError(f"no such event: {what}; ended={self.ended}, the last were {told}")
                self._grown.wait(left)

    def wait_end(self):
        end = time.monotonic() + DEADLINE
        with self._grown:
            while not self.ended:
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError("the stream did not end")
                self._grown.wait(left)
            return list(self.seen)


class Farm:
    """A temporary folder with the processes that work in it. At the test's end they are stopped, and whatever one
    of them left running fails the test."""

    def __init__(self, test):
        self.folder = tempfile.mkdtemp(prefix="sisyphus-farm-")
        self._mark = uuid.uuid4().hex
        self._processes = []
        test.addCleanup(self._close)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        path = self.path(name)
        pathlib.Path(path).write_text(text, encoding="utf-8")
        return path

    def environment(self, **changes):
        inherited = {"PATH": os.environ["PATH"], "HOME": self.folder, "LC_ALL": "C.UTF-8", "TMPDIR": self.folder,
                     MARK: self._mark}
        for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                inherited[name] = os.environ[name]
        return inherited | changes

    def server(self, *flags, port=0, data_dir="data", **options):
        argv = [BINARY, "server", "--listen", f"127.0.0.1:{port}", "--data-dir", self.path(data_dir), *flags]
        return self._started(Server(argv, self._log("server"), env=self.environment(), stdout=subprocess.DEVNULL,
                                    **options))

    def worker(self, url, *flags, name="worker", environment=None, ready=True, under=()):
        """`under`: a program to run it with, as strace."""
        argv = [*under, BINARY, "worker", "--server", url, "--state-dir", self.path(f"{name}-state"), "--hostname", name,
                "--work-dir", self.folder, "--heartbeat-interval", "0.2", "--network-retry", "0.5", *flags]
        process = self._started(Process(argv, self._log(name), env=self.environment(**(environment or {})),
                                        stdout=subprocess.DEVNULL))
        if ready:
            process.id = process.wait_log(r"worker_started worker=(\S+)").group(1)
        return process

    def client(self, *arguments, **options):
        """A client command that goes on beside the test, with its standard output in a pipe."""
        process = Process([BINARY, *arguments], self._log(arguments[0]), env=self.environment(),
                          stdout=subprocess.PIPE, cwd=self.folder, **options)
        return self._started(process)

    def run(self, *arguments, stdin=None, environment=None):
        """A client command to its end."""
        return subprocess.run([BINARY, *arguments], input=stdin, capture_output=True, text=True, timeout=2 * DEADLINE,
                              cwd=self.folder, env=self.environment(**(environment or {})), check=False)

    def fake_ffmpeg(self, *mode):
        """The environment of a worker whose ffmpeg is the fake tool; what that says goes into the file `told`."""
        return self.fake_program("ffmpeg", *mode, told=self.path("told"))

    def fake_program(self, name, *mode, told=None):
        """The environment of a worker for which a program is the fake tool. What is asked before a run (tracks,
        versions) goes to the real one. With `told` its standard output goes into that file."""
        os.makedirs(self.path("bin"), exist_ok=True)
        script = self.write(f"bin/{name}", f"""#!/bin/sh
case "$*" in
  -J*|*--identify*|*-version*|*-codecs|*-encoders*|*-filters*|*--help*) exec {shutil.which(name)} "$@" ;;
esac
exec {shlex.join([FAKE_TOOL, *mode])}{f" > {told}" if told else ""}
""")
        os.chmod(script, 0o755)
        return {"PATH": f"{self.path('bin')}:{os.environ['PATH']}"}

    def descendants(self):
        return processes_where("environ", f"{MARK}={self._mark}")

    def _log(self, name):
        return self.path(f"{len(self._processes)}-{name}.log")

    def _started(self, process):
        self._processes.append(process)
        return process

    def _close(self):
        for process in reversed(self._processes):
            if process.popen.poll() is None:
                process.popen.send_signal(signal.SIGCONT)
                process.kill()
            if process.popen.stdout:
                process.popen.stdout.close()
        try:
            eventually(lambda: not self.descendants(), "all that the farm started has ended")
        except AssertionError:
            survivors = {pid: pathlib.Path("/proc", str(pid), "cmdline").read_bytes() for pid in self.descendants()}
            for pid in survivors:
                os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"processes survived their farm: {survivors}") from None
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
