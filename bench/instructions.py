#!/usr/bin/env python3
"""Instructions of one job's life in the server: submit, grant and complete, counted by callgrind.

usage: instructions.py SISYPHUS LOAD_GENERATOR OUT [--jobs N]

The same binary gives the same count to about one in a hundred, whatever else the machine does: a change can be held
against it. Only what runs in the process counts, not the kernel. OUT keeps callgrind's file for callgrind_annotate.
"""

import argparse
import collections
import pathlib
import re
import shutil
import subprocess

from dispatch import HOST, free_port, wait_for

WARM_UP = 500
GROUPS = (("asio", r"\basio::"), ("beast", r"beast"), ("url", r"boost::urls"), ("json", r"json|DocumentHandler"),
          ("fmt and spdlog", r"fmt::|spdlog"), ("malloc and free", r"malloc|free|operator (new|delete)"),
          ("memory and strings", r"^_*(mem|str)|basic_string|char_traits"), ("ours", r"sisyphus"), ("other", r""))


def self_costs(path):
    """Function -> its own instructions (the format: valgrind manual, Callgrind Format Specification)."""
    names, costs, current, is_call = {}, collections.Counter(), None, False

    def name_of(text):
        number, name = re.match(r"\((\d+)\)(?: (.*))?", text).groups()
        if name:
            names[number] = name
        return number

    for line in path.read_text(errors="replace").splitlines():
        if line.startswith("fn="):
            current = name_of(line[3:])
        elif line.startswith("cfn="):
            name_of(line[4:])
        elif line.startswith("calls="):
            is_call = True
        elif line[:1] in "+-*0123456789" and " " in line:
            if not is_call:
                costs[current] += int(line.split()[1])
            is_call = False
    return {names.get(number, number): cost for number, cost in costs.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sisyphus")
    parser.add_argument("load_generator")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2000)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    folder, profile, port = options.out / "scratch", options.out / "callgrind.out", free_port()
    shutil.rmtree(folder, ignore_errors=True)
    for old in options.out.glob("callgrind.out*"):
        old.unlink()
    with open(options.out / "callgrind.log", "wb") as log:
        server = subprocess.Popen(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", options.sisyphus, "server", "--listen",
             f"{HOST}:{port}", "--data-dir", folder, "--fsync", "never"], stdout=log, stderr=log)

    def load(jobs):
        subprocess.run([options.load_generator, "--port", str(port), "--connections", "4", "--jobs", str(jobs)],
                       check=True, stdout=subprocess.DEVNULL, timeout=300)

    try:
        wait_for(port, server)
        load(WARM_UP)
        subprocess.run(["callgrind_control", "-z", str(server.pid)], check=True, capture_output=True)
        load(options.jobs)
        subprocess.run(["callgrind_control", "-d", str(server.pid)], check=True, capture_output=True)
    finally:
        server.terminate()
        server.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)
    costs = self_costs(pathlib.Path(f"{profile}.1"))
    groups = collections.Counter()
    for name, cost in costs.items():
        groups[next(group for group, pattern in GROUPS if re.search(pattern, name))] += cost
    print(f"{sum(costs.values()) / options.jobs:9,.0f} instructions a job")
    for group, cost in groups.most_common():
        print(f"{cost / options.jobs:9,.0f} {group}")


if __name__ == "__main__":
    main()
