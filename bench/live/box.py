"""A live encoding box on loopback: a real server, real workers, a scratch folder. All of it ends with the context."""

import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

from dispatch import HOST, free_port, wait_for

from . import processes
from .wire import Wire

TOOLS = pathlib.Path(__file__).with_name("tools")
PATIENCE = 30.0  # seconds for a process to end when it is asked to


class Broken(Exception):
    """Something is not as it must be, whatever the figures say."""


class Box:
    """Use as a context. Processes get a group of their own, so that Ctrl-C reaches the benchmark alone, which then
    stops them; whatever they leave running is killed and told."""

    def __init__(self, sisyphus, scratch):
        self.sisyphus = os.path.abspath(sisyphus)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="box-", dir=scratch))
        self._mark = uuid.uuid4().hex
        self._started = []

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        handlers = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            late = [process for process in reversed(self._started) if self.stop(process) is None]
            left = processes.with_text("environ", f"{processes.MARK}={self._mark}")
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        if kind is not None:
            print(f"the logs of what ran are in {self.folder}", file=sys.stderr)
            return
        shutil.rmtree(self.folder)
        if late or left:
            raise Broken(f"{len(late)} processes did not end when asked, {len(left)} were left behind by others")

    def environment(self, tools=None):
        path = os.environ["PATH"] if tools is None else f"{tools}:{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", processes.MARK: self._mark}

    def start(self, name, argv, tools=None):
        with open(self.folder / f"{len(self._started)}-{name}.log", "wb") as log:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                       env=self.environment(tools), process_group=0)
        self._started.append(process)
        return process

    def stop(self, process, number=signal.SIGTERM):
        """Its exit code; None for one that had to be killed."""
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def server(self, *flags):
        port = free_port()
        process = self.start("server", [self.sisyphus, "server", "--listen", f"{HOST}:{port}",
                                        "--data-dir", self.folder / "data", *flags])
        wait_for(port, process)
        process.port = port
        return process

    def worker(self, server, *flags, name="worker", tools=None):
        """Back when the server has heard of it."""
        argv = [self.sisyphus, "worker", "--server", f"http://{HOST}:{server.port}", "--hostname", name,
                "--state-dir", self.folder / f"{name}-state", "--work-dir", self.folder, *flags]
        process = self.start(name, argv, tools)
        end = time.monotonic() + PATIENCE
        with Wire(server.port) as wire:
            while all(heard["hostname"] != name for heard in wire.ask("GET", "/workers")["workers"]):
                if process.poll() is not None or time.monotonic() > end:
                    raise Broken(f"the worker does not come up; its log is in {self.folder}")
                time.sleep(0.01)
        return process

    def tool(self, name, script):
        """A program of that name in a folder that `worker` takes as its tools; the folder."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(script)
        path.chmod(0o755)
        return folder

    def fake_ffmpeg(self, *arguments):
        """The tools of a worker whose ffmpeg prints progress and encodes nothing; what ffmpeg can is asked the real
        one."""
        fake = shlex.join([sys.executable, "-I", "-S", str(TOOLS / "fake_ffmpeg.py"), *map(str, arguments)])
        return self.tool("ffmpeg", f'#!/bin/sh\ncase "$*" in *-progress*) exec {fake} "$@" ;; esac\n'
                                   f'exec {shutil.which("ffmpeg")} "$@"\n')

    def module(self, name, command, **manifest):
        """A folder of modules with this one, a program that takes any data."""
        folder = self.folder / "modules.d"
        folder.mkdir(exist_ok=True)
        manifest |= {"name": name, "description": "of a benchmark", "command": command, "schema": {"type": "object"}}
        (folder / f"{name}.json").write_text(json.dumps(manifest))
        return folder

    def hidden_folders(self, job_id=""):
        """Those beside outputs, which are all in the box's own folder."""
        return [name for name in os.listdir(self.folder) if name.startswith(f".sisyphus-{job_id}")]
