#!/usr/bin/env python3
"""Dispatch throughput of our server beside its peers: submit, grant and complete, each on disk before the answer.

usage: dispatch.py SISYPHUS LOAD_GENERATOR OUT [--rounds N] [--jobs N] [--rows NAME,…]

Starts every server on loopback with its own folder under OUT, drives all of them with the same generator, one after
the other and then again (A B A B), and prints medians and ratios. OUT receives dispatch.json and dispatch.svg.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time

from bar_chart import bar_chart

HOST = "127.0.0.1"


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    """Until something listens; a server that ends first is an error."""
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((HOST, port)):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{process.args[0]} does not listen; its log is beside its data")
        time.sleep(0.02)


class Peer:
    """One server with its folder, running while the object is entered."""

    def __init__(self, name, kind, command):
        self.name, self.kind, self.command = name, kind, command

    @contextlib.contextmanager
    def running(self, scratch):
        folder = scratch / self.name.replace(" ", "-")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.port = free_port()
        with open(folder.with_suffix(".log"), "wb") as log:
            process = subprocess.Popen(self.command(folder, self.port), stdout=log, stderr=log)
        try:
            wait_for(self.port, process)
            self.pid = process.pid
            yield self
        finally:
            process.terminate()
            process.wait(timeout=60)
            shutil.rmtree(folder, ignore_errors=True)


def sisyphus(binary, fsync):
    return Peer(f"sisyphus {fsync}", "sisyphus", lambda folder, port: [
        binary, "server", "--listen", f"{HOST}:{port}", "--data-dir", folder, "--fsync", fsync])


def redis(fsync):
    log = ["--appendonly", "yes", "--appendfsync", "always"] if fsync == "always" else ["--appendonly", "no"]
    return Peer(f"redis {fsync}", "redis", lambda folder, port: [
        "redis-server", "--bind", HOST, "--port", str(port), "--dir", folder, "--save", "", *log])


def beanstalkd():
    return Peer("beanstalkd -f 0", "beanstalkd", lambda folder, port: [
        "beanstalkd", "-l", HOST, "-p", str(port), "-b", folder, "-f", "0"])


class Bench:
    def __init__(self, options):
        self.options = options
        self.lines = []

    def load(self, row, peer, **flags):
        command = [self.options.load_generator, "--peer", peer.kind, "--port", str(peer.port), "--pid", str(peer.pid)]
        for name, value in flags.items():
            command += [f"--{name}", str(value)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise SystemExit(f"{peer.name}, {row}: {done.stdout}{done.stderr}")
        line = json.loads(done.stdout) | {"row": row, "peer": peer.name}
        self.lines.append(line)
        print(f"  {row:22} {peer.name:16} {line['jobs_per_s']:9.0f} jobs/s", file=sys.stderr)
        return line

    def compare(self, row, peers, **flags):
        for _ in range(self.options.rounds):
            for peer in peers:
                self.load(row, peer, **flags)

    def median(self, row, peer, key="jobs_per_s"):
        values = [line[key] for line in self.lines if line["row"] == row and line["peer"] == peer]
        return statistics.median(values) if values else None


def context_switches(pid):
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if "ctxt_switches" in line:
                total += int(line.split()[1])
    return total


def measure(bench, scratch):
    options = bench.options
    jobs = options.jobs
    wanted = options.rows.split(",") if options.rows else ["durable", "never", "batch", "growth", "idle"]
    extra = {}
    if "durable" in wanted:
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(peer.running(scratch))
                     for peer in (sisyphus(options.sisyphus, "always"), redis("always"), beanstalkd())]
            for connections in (16, 64, 256):
                bench.compare(f"{connections} connections", peers, connections=connections, jobs=jobs)
    if "never" in wanted:
        with sisyphus(options.sisyphus, "never").running(scratch) as ours, redis("never").running(scratch) as other:
            bench.compare("16, nothing synced", [ours, other], connections=16, jobs=jobs)
    if "batch" in wanted:
        with sisyphus(options.sisyphus, "always").running(scratch) as ours:
            bench.compare("batches of 100", [ours], connections=16, jobs=5 * jobs, batch=100)
    if "growth" in wanted:
        with sisyphus(options.sisyphus, "always").running(scratch) as ours:
            number = 0  # of the next job that is submitted
            for missing, row in ((1000, "1,000 waiting"), (999_000, "1,000,000 waiting")):
                filled = bench.load(f"fill to {row}", ours, phase="submit", jobs=missing, batch=100, connections=4,
                                    first=number)
                extra[f"resident bytes, {row}"] = filled["server_rss_bytes"]
                number += missing
                for _ in range(options.rounds):
                    bench.load(row, ours, connections=16, jobs=jobs, first=number)
                    number += jobs
    if "idle" in wanted:
        with sisyphus(options.sisyphus, "always").running(scratch) as ours:
            time.sleep(1)
            before = context_switches(ours.pid)
            time.sleep(5)
            extra["idle_context_switches_per_s"] = (context_switches(ours.pid) - before) / 5
    return extra


def table(bench, extra):
    rows = list(dict.fromkeys(line["row"] for line in bench.lines))
    out = [f"{'':22} {'':16} {'jobs/s':>9} {'ratio':>6} {'CPU µs/job':>10}  p99 µs: submit/take/finish"]
    for row in rows:
        peers = list(dict.fromkeys(line["peer"] for line in bench.lines if line["row"] == row))
        for peer in peers:
            speed = bench.median(row, peer)
            p99 = []
            for operation in ("submit", "take", "finish"):
                values = [line[operation]["p99_us"] for line in bench.lines
                          if line["row"] == row and line["peer"] == peer and operation in line]
                p99.append(f"{statistics.median(values):.0f}" if values else "–")
            ours = bench.median(row, peers[0])
            ratio = "" if peer == peers[0] else f"{ours / speed:.2f}"
            out.append(f"{row:22} {peer:16} {speed:9.0f} {ratio:>6} "
                       f"{bench.median(row, peer, 'server_cpu_us_per_job'):10.1f}  {'/'.join(p99)}")
    out += [f"{name}: {value:,.1f}" for name, value in extra.items()]
    return "\n".join(out)


def chart(bench):
    """Bars of jobs/s, one group for each row in which there are peers."""
    bars = []
    for row in dict.fromkeys(line["row"] for line in bench.lines):
        peers = list(dict.fromkeys(line["peer"] for line in bench.lines if line["row"] == row))
        for peer in peers:
            speed = bench.median(row, peer)
            bars.append((f"{row}: {peer}", speed, f"{speed:,.0f} jobs/s", peer.startswith("sisyphus")))
    return bar_chart(bars)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sisyphus")
    parser.add_argument("load_generator")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=20_000, help="of one measurement")
    parser.add_argument("--rows", help="some of durable, never, batch, growth, idle")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    bench = Bench(options)
    scratch = options.out / "scratch"
    extra = measure(bench, scratch)
    shutil.rmtree(scratch, ignore_errors=True)
    machine = {"cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}
    (options.out / "dispatch.json").write_text(
        json.dumps({"machine": machine, "lines": bench.lines, "extra": extra}, indent=1) + "\n")
    if bench.lines:
        (options.out / "dispatch.svg").write_text(chart(bench))
    print(table(bench, extra))


if __name__ == "__main__":
    main()
