#!/usr/bin/env python3
"""Feeds check_sources.py one breach of each rule and sees it named."""
import tempfile
import unittest
from pathlib import Path

from check_sources import Check

GOOD = {
    "src/core/a.hpp": "#pragma once\n",
    "src/core/a.cpp": '#include "core/a.hpp"\n',
    "src/net/b.hpp": "#pragma once\n",
    "src/net/b.cpp": '#include "net/b.hpp"\n#include "core/a.hpp"\n#include <boost/beast/http.hpp>\n',
    "src/app/main.cpp": '#include "net/b.hpp"\n#include <CLI/CLI.hpp>\n',
    "src/modules/schema.cpp": "#include <valijson/schema.hpp>\n#include <valijson/validator.hpp>\n",
}


class CheckSources(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**GOOD, **files}.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            check = Check(Path(folder))
            check.run()
            return check

    def refuses(self, name, text, line, word):
        errors = self.check({name: text}).errors
        self.assertEqual(len(errors), 1, errors)
        self.assertTrue(errors[0].startswith(f"{name}:{line}: error: "), errors[0])
        self.assertIn(word, errors[0])

    def test_good_sources_pass(self):
        check = self.check({})
        self.assertEqual(check.errors + check.warnings, [])

    def test_core_includes_no_other_room(self):
        self.refuses("src/core/x.cpp", '\n#include "net/b.hpp"\n', 2, "core may not include net")

    def test_net_modules_and_queue_stay_apart(self):
        self.refuses("src/queue/x.cpp", '#include "net/b.hpp"\n', 1, "queue may not include net")
        self.refuses("src/modules/x.cpp", '#include "net/b.hpp"\n', 1, "modules may not include net")

    def test_nobody_includes_what_is_above(self):
        files = {"src/app/c.hpp": "#pragma once\n", "src/actors/x.cpp": '#include "app/c.hpp"\n'}
        self.assertIn("actors may not include app", self.check(files).errors[0])

    def test_an_unknown_room_has_no_rights(self):
        self.refuses("src/misc/x.cpp", '#include "core/a.hpp"\n', 1, "misc may not include core")

    def test_include_paths_start_at_src(self):
        self.refuses("src/core/x.cpp", '#include "a.hpp"\n', 1, "not in src/")

    def test_libraries_stay_where_they_are(self):
        self.refuses("src/net/x.hpp", "#pragma once\n#include <boost/beast/core.hpp>\n", 2, "boost/beast")
        self.refuses("src/actors/x.cpp", "#include <boost/process/v2.hpp>\n", 1, "child_process.cpp")
        self.refuses("src/actors/x.cpp", "#include <CLI/CLI.hpp>\n", 1, "src/app")

    def test_valijson_has_one_home(self):
        text = "#pragma once\n#include <valijson/schema.hpp>\n"
        self.assertIn("more than one .cpp", self.check({"src/modules/x.cpp": text}).errors[0])
        self.assertIn("in a .cpp only", self.check({"src/modules/x.hpp": text}).errors[0])

    def test_headers_are_guarded(self):
        self.refuses("src/core/x.hpp", "struct X;\n", 1, "#pragma once")
        self.refuses("tests/x.hpp", "struct X;\n", 1, "#pragma once")

    def test_own_header_comes_first(self):
        self.refuses("src/core/a.cpp", '#include <map>\n#include "core/a.hpp"\n', 1, "comes first")

    def test_forbidden_words(self):
        self.refuses("src/core/x.cpp", "co_spawn(e, f(), asio::detached);\n", 1, "asio::detached")
        self.refuses("src/core/x.cpp", "} catch (...) {\n", 1, "catch (...)")
        self.refuses("src/core/x.cpp", "std::this_thread::sleep_for(1s);\n", 1, "sleep_for")
        self.refuses("tests/x.cpp", "using namespace std;\n", 1, "using namespace std")
        self.refuses("tests/x.cpp", "// TO" + "DO: this\n", 1, "TO" + "DO")

    def test_literal_namespaces_are_fine(self):
        self.assertEqual(self.check({"tests/x.cpp": "using namespace std::chrono_literals;\n"}).errors, [])

    def test_a_long_file_is_a_warning(self):
        check = self.check({"src/core/x.cpp": "\n" * 401})
        self.assertEqual(check.errors, [])
        self.assertIn("401 lines", check.warnings[0])


if __name__ == "__main__":
    unittest.main()
