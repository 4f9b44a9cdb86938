"""What a live encoding box takes on this machine: a real server, real workers, real ffmpeg.

usage: live SISYPHUS LOAD_GENERATOR OUT [PART…] [--smoke] [--cancels N] [--pairs N] [--jobs N] [--side worker|server]

Without parts: all but soak, in a few minutes. OUT receives live.json and live.svg. Exit code 1 when something is not as
it must be (a process, a file or a grant too many); a goal that is missed is told and is no error, as the machine may do
other work too.
"""

import argparse
import os
import pathlib
import platform
import resource
import shutil
import signal
import sys
import time

from . import cancel, crowd, flood, grant, overhead, progress, soak
from .box import Box, Broken
from .report import Report
from .sizes import SMOKE, Sizes
from .watcher import Late
from .wire import Refused

PARTS = {"grant": grant.run, "cancel": cancel.run, "progress": progress.run, "overhead": overhead.run,
         "flood": flood.run, "crowd": crowd.run, "soak": soak.run}


class Bench:
    def __init__(self, options, scratch):
        self.sisyphus = os.path.abspath(options.sisyphus)
        self.load_generator = os.path.abspath(options.load_generator)
        self.soak_side = options.side
        self.sizes = SMOKE if options.smoke else Sizes()
        for name, value in (("random_cancels", options.cancels), ("pairs", options.pairs),
                            ("soak_jobs", options.jobs)):
            if value is not None:
                setattr(self.sizes, name, value)
        self.report = Report()
        self._scratch = scratch

    def box(self):
        return Box(self.sisyphus, self._scratch)


def machine():
    return {"cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version(),
            "load_before": os.getloadavg()[0], "time": time.strftime("%Y-%m-%d %H:%M:%S")}


def arguments():
    parser = argparse.ArgumentParser(prog="live", description=__doc__.splitlines()[0])
    parser.add_argument("sisyphus")
    parser.add_argument("load_generator")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("parts", nargs="*", metavar="PART", help="some of " + ", ".join(PARTS))
    parser.add_argument("--smoke", action="store_true", help="very little of each, for what it checks")
    parser.add_argument("--cancels", type=int, help="at random moments")
    parser.add_argument("--pairs", type=int, help="of encodes, for overhead")
    parser.add_argument("--jobs", type=int, help="of soak")
    parser.add_argument("--side", choices=("worker", "server"), default="worker",
                        help="of soak: jobs through real workers, or through the load generator, for the server alone")
    options = parser.parse_intermixed_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]}: {', '.join(PARTS)}")
    options.parts = options.parts or [part for part in PARTS if part != "soak"]
    return options


def run(part, bench):
    bench.report.part = part
    print(part, file=sys.stderr, flush=True)
    try:
        PARTS[part](bench)
    except (Broken, Late, Refused, ConnectionError) as error:
        bench.report.broken(f"{error}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    if missing := [tool for tool in ("ffmpeg", "ffprobe") if shutil.which(tool) is None]:
        sys.exit(f"{missing[0]} is not on PATH")
    # What crowd needs; a login has 1,024.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    about = machine()
    scratch = options.out.resolve() / "live-scratch"
    shutil.rmtree(scratch, ignore_errors=True)  # what a run that failed left to be looked at
    scratch.mkdir()
    bench = Bench(options, scratch)
    try:
        for part in options.parts:
            run(part, bench)
    finally:
        bench.report.write(options.out, about)
        print(bench.report.table())
    if bench.report.is_broken:
        return 1
    scratch.rmdir()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
