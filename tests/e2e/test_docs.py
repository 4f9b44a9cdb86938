"""The pages keep their word: every example is a good document or a known command, and those of docs/modules.md run.

What a block is stands behind its fence:
  json           a job, an array of jobs, or an option set, that passes the checks of the server
  json WORD      other JSON (reply, event, manifest, …)
  bash           commands; `console`: commands after "$ ", and what they print
  text           anything else: output, a picture
  http, toml, …  what this file says in OTHER
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import tomllib
import unittest

from farm import BINARY, Farm
from markdown import blocks_of, commands, heredocs, inline_commands, sisyphus_words

ROOT = pathlib.Path(os.environ["SISYPHUS_SOURCE_DIR"])
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELL = ("bash", "console")
OTHER = {"text": str, "toml": tomllib.loads, "python": lambda text: compile(text, "example", "exec"), "sh": str, "cpp": str}
DEADLINE = 240  # seconds that all examples of one section may take on a busy machine


def help_of(*command):
    return subprocess.run([BINARY, *command, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout


class Blocks(unittest.TestCase):
    def test_each_says_what_it_is_and_is_that(self):
        for block in (block for page in PAGES for block in blocks_of(page)):
            with self.subTest(str(block)):
                kind, _, word = block.info.partition(" ")
                if kind == "json":
                    self.assertIsInstance(json.loads(block.text), (dict, list))
                elif kind in SHELL:
                    self.assertTrue(commands(block.script()), "there is no command in it")
                else:
                    self.assertIn(kind, OTHER, "write behind the fence what the block is: see tests/e2e/test_docs.py")
                    OTHER[kind](block.text)
                self.assertTrue(kind == "json" or not word, "only json takes a second word")

    def test_no_page_lost_its_examples(self):
        found = [block.info for page in PAGES for block in blocks_of(page)]
        self.assertGreaterEqual(found.count("json"), 4)
        self.assertGreaterEqual(found.count("bash") + found.count("console"), 8)


class Documents(unittest.TestCase):
    """Jobs and option sets, in blocks of their own, in here-documents and in what curl sends."""

    def setUp(self):
        self.server = Farm(self).server()

    def assert_document(self, text):
        document = json.loads(text)
        if isinstance(document, dict) and "options" in document:
            self.assertLessEqual(document.keys(), {"name", "options"})
            self.assertIsInstance(document["options"], dict)
            return
        reply = self.server.call("POST", "/jobs/validate", text).json
        self.assertEqual(reply, {"valid": True, "problems": []})

    def test_blocks_and_here_documents_are_good(self):
        for block in (block for page in PAGES for block in blocks_of(page)):
            with self.subTest(str(block)):
                if block.info == "json":
                    self.assert_document(block.text)
                elif block.info in SHELL:
                    for opening, text in heredocs(block.script()):
                        if ".json" in opening:
                            self.assert_document(text)

    def test_what_curl_sends_is_taken_or_answered_as_the_page_says(self):
        sent = 0
        for block in (block for page in PAGES for block in blocks_of(page) if block.info == "console"):
            lines = block.text.splitlines() + [""]
            for line, answer in zip(lines, lines[1:]):
                body = re.search(r"^\$ curl .*/queue -d '(.*?)'$", line)
                if not body:
                    continue
                sent += 1
                with self.subTest(f"{block}: {line}"):
                    reply = self.server.call("POST", "/queue", body.group(1))
                    if '"status":400' in answer:
                        self.assertEqual(reply.text.strip(), answer)
                    else:
                        self.assertEqual(reply.status, 200, reply.text)
        self.assertGreater(sent, 0)


class Commands(unittest.TestCase):
    def test_subcommands_and_flags_exist(self):
        known = set(re.findall(r"^  ([a-z-]+) {2,}", help_of().partition("Subcommands:")[2], re.MULTILINE))
        helps = {}
        checked = 0
        for page in PAGES:
            scripts = [(str(block), block.script()) for block in blocks_of(page) if block.info in SHELL]
            scripts += [(f"{page.name}: `{command}`", command) for command in inline_commands(page)]
            for place, script in scripts:
                for words in filter(None, map(sisyphus_words, commands(script))):
                    with self.subTest(place, words=words):
                        flags = [word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)]
                        command = next((word for word in words if not word.startswith("-")), None)
                        if command is None or command.isupper() or "…" in command:
                            continue
                        self.assertIn(command, known)
                        text = helps.setdefault(command, help_of(command) + help_of())
                        for flag in flags:
                            self.assertRegex(text, rf"(?m)^  (-\w,)?{flag}[ =,\n]")
                        checked += 1
        self.assertGreater(checked, 20)


class ModulesPage(unittest.TestCase):
    """docs/modules.md as its reader would follow it: each section in a checkout of its own. Blocks `json` that the text
    before them names (`job.json`) are written to that file, commands run in the order of the page."""

    PAGE = ROOT / "docs" / "modules.md"

    def checkout(self):
        folder = tempfile.mkdtemp(prefix="sisyphus-docs-")
        self.addCleanup(shutil.rmtree, folder)
        for entry in ("config", "docs", "tests"):
            os.symlink(ROOT / entry, os.path.join(folder, entry))
        return folder

    @staticmethod
    def script_of(blocks):
        script = "set -euo pipefail\n"
        for block in blocks:
            if block.info == "json" and block.name:
                script += f"cat > {block.name} <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK\n"
            elif block.info in SHELL:
                script += block.script()
        return script

    def test_its_examples_run(self):
        sections = {}
        for block in blocks_of(self.PAGE):
            sections.setdefault(block.section, []).append(block)
        modules_run = set()
        for section, blocks in sections.items():
            script = self.script_of(blocks)
            run = [words for words in filter(None, map(sisyphus_words, commands(script))) if words[0] == "run"]
            if not run:
                continue
            with self.subTest(section):
                path = f"{os.path.dirname(os.path.abspath(BINARY))}:{os.environ['PATH']}"
                done = subprocess.run(["bash", "-c", script], cwd=self.checkout(), capture_output=True, text=True,
                                      timeout=DEADLINE, env=os.environ | {"PATH": path, "LC_ALL": "C.UTF-8"}, check=False)
                self.assertEqual(done.returncode, 0, f"{script}\n{done.stdout}\n{done.stderr}")
                modules_run |= set(re.findall(r'"module": "(\w+)"', script))
        offered = set(subprocess.run([BINARY, "schema"], capture_output=True, text=True, check=True, timeout=60).stdout.split())
        self.assertEqual(offered - modules_run, set(), "modules without an example that runs")


if __name__ == "__main__":
    unittest.main()
