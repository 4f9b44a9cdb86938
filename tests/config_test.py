#!/usr/bin/env python3
"""The sample configuration files: they are read, they name every flag, and a misspelt key is named.

usage: config_test.py SISYPHUS_BINARY
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

BINARY = ""
CONFIG = Path(__file__).resolve().parent.parent / "config"
KEY = re.compile(r"^(?:# )?([a-z-]+) = ", re.MULTILINE)
# What this test gives by flag, so that nothing but a temporary folder is touched.
FLAGS = {
    "server": ["--listen", "127.0.0.1:0", "--data-dir", "{}/data"],
    "worker": ["--server", "http://127.0.0.1:1", "--state-dir", "{}/state"],
}
READY = {"server": "server_listening", "worker": "worker_started"}
# Without the variables that would count before the file.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("SISYPHUS_") and k != "API_URL"}


def keys_of(text):
    return set(KEY.findall(text))


class SampleConfig(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def command(self, name, config):
        return [BINARY, name, "--config", str(config)] + [flag.format(self.folder) for flag in FLAGS[name]]

    def sample(self, name, change=lambda text: text):
        path = Path(self.folder) / f"{name}.toml"
        path.write_text(change((CONFIG / f"{name}.toml").read_text()))
        return path

    def starts_and_ends(self, name, config):
        log = Path(self.folder) / "log"
        with log.open("w") as out:
            process = subprocess.Popen(self.command(name, config), stderr=out, env=ENVIRONMENT)
        deadline = time.monotonic() + 30
        while READY[name] not in log.read_text() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertIn(READY[name], log.read_text())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0, log.read_text())

    def test_samples_are_read(self):
        for name in FLAGS:
            with self.subTest(name):
                self.starts_and_ends(name, self.sample(name))

    def test_commented_out_keys_are_good_too(self):
        (Path(self.folder) / "media").mkdir()

        def uncomment(text):
            text = re.sub(r"^# ([a-z-]+ = )", r"\1", text, flags=re.MULTILINE)
            text = re.sub(r"^work-dir = .*", f'work-dir = "{self.folder}/media"', text, flags=re.MULTILINE)
            return re.sub(r"^modules-dir = .*", f'modules-dir = "{CONFIG}/modules.d"', text, flags=re.MULTILINE)

        self.starts_and_ends("worker", self.sample("worker", uncomment))

    def test_samples_name_every_flag_and_no_other(self):
        for name in FLAGS:
            with self.subTest(name):
                text = subprocess.run([BINARY, name, "--help"], capture_output=True, text=True, check=True).stdout
                flags = set(re.findall(r"^  --([a-z-]+)", text, re.MULTILINE))
                self.assertEqual(keys_of((CONFIG / f"{name}.toml").read_text()), flags)

    def test_unknown_key_is_wrong_usage_and_named(self):
        for name in FLAGS:
            with self.subTest(name):
                config = self.sample(name, lambda text: text + "\nfrobnicate = 1\n")
                ended = subprocess.run(self.command(name, config), capture_output=True, text=True, timeout=30,
                                       env=ENVIRONMENT)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(f"{name}.frobnicate", ended.stderr)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
