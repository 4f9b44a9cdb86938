#include "core/parse_json.hpp"
#include "modules/matroska_info.hpp"
#include "modules/module.hpp"
#include "modules/paths.hpp"
#include "modules/registry.hpp"
#include "modules/schema.hpp"
#include "tests/modules/support.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

// The files that the cases name, made once for all tests; their folder is what ${DIR} stands for.
const std::string& media_folder() {
  static const testing::TempFolder folder;
  static const std::string path = [] {
    const fs::path script = testing::source_folder() / "tests/golden/make_media.sh";
    const auto made = testing::run_tool({"bash", script.string(), folder.path().string()});
    if (made.exit_code != 0) throw std::runtime_error("make_media.sh: " + made.err);
    return folder.path().string();
  }();
  return path;
}

std::string with_folder(std::string text) {
  static constexpr std::string_view kMark = "${DIR}";
  for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at)) {
    text.replace(at, kMark.size(), media_folder());
  }
  return text;
}

std::vector<std::string> strings(const json::value& list) {
  std::vector<std::string> texts;
  for (const json::value& one : list.as_array()) texts.emplace_back(one.as_string());
  return texts;
}

// A field that this test does not know may change what a case means.
void expect_known_fields(const json::object& golden) {
  static const std::set<std::string_view> kFields{"index", "module",       "name",          "data",
                                                  "argv",  "right_argv",   "option_sets",   "identify",
                                                  "note",  "upstream_bug", "upstream_error"};
  for (const auto& entry : golden)
    EXPECT_TRUE(kFields.contains(entry.key())) << "unknown field " << entry.key();
}

// Every golden file: (file name, its object).
std::vector<std::pair<std::string, json::object>> golden_cases() {
  std::vector<std::pair<std::string, json::object>> cases;
  for (const auto& entry : fs::directory_iterator(testing::source_folder() / "tests/golden")) {
    if (entry.path().extension() != ".json") continue;
    SCOPED_TRACE(entry.path().filename());
    auto parsed = parse_json(with_folder(testing::read_text(entry.path())));
    if (!parsed) {
      ADD_FAILURE() << parsed.error().detail;
      continue;
    }
    expect_known_fields(parsed->as_object());
    cases.emplace_back(entry.path().filename(), std::move(parsed->as_object()));
  }
  std::sort(cases.begin(), cases.end(),
            [](const auto& left, const auto& right) { return left.first < right.first; });
  return cases;
}

Facts facts_of(const json::object& golden) {
  Facts facts;
  facts.working_directory = media_folder();
  facts.attempt_folder = ".sisyphus-job-1";
  if (const json::value* sets = golden.if_contains("option_sets")) {
    for (const auto& [name, options] : sets->as_object()) facts.option_sets[name] = options.as_object();
  }
  return facts;
}

// What mkvmerge says of the sources, as the case has it.
void add_identify(const json::object& golden, Facts& facts) {
  const json::value* files = golden.if_contains("identify");
  if (files == nullptr) return;
  for (const auto& [path, info] : files->as_object()) {
    facts.probes[matroska_probe(absolute_path(path, facts.working_directory)).key] = {
        0, json::serialize(info), ""};
  }
}

// What it says here.
void run_probes(const Module& module, const json::object& data, Facts& facts) {
  for (const Probe& probe : module.needs(data, facts.working_directory).probes) {
    if (probe.argv.front() == "mkvmerge") facts.probes[probe.key] = testing::run_tool(probe.argv);
  }
}

// As the worker does it: what the schema refuses is not planned.
Planned plan_of(const Module& module, const json::object& data, const Facts& facts) {
  Planned refused;
  refused.problems = check_schema(module.schema(), data);
  return refused.problems.empty() ? module.plan(data, facts) : refused;
}

void expect_vector(const json::object& golden, const Planned& planned) {
  const json::value& expected = golden.at(golden.at("upstream_bug").as_bool() ? "right_argv" : "argv");
  if (expected.is_null()) {
    EXPECT_FALSE(planned.problems.empty());
    EXPECT_FALSE(planned.plan);
    return;
  }
  if (!planned.plan) {
    ADD_FAILURE() << "no plan: " << ::testing::PrintToString(planned.problems);
    return;
  }
  EXPECT_EQ(planned.plan->argv, strings(expected));
}

TEST(Golden, EveryVectorIsTheOriginals) {
  const Registry registry;
  std::map<std::string, std::size_t> run;
  for (const auto& [file, golden] : golden_cases()) {
    SCOPED_TRACE(file);
    const std::string name(golden.at("module").as_string());
    ++run[name];
    const Module* module = registry.find(name);
    ASSERT_NE(module, nullptr) << name;
    Facts facts = facts_of(golden);
    add_identify(golden, facts);
    expect_vector(golden, plan_of(*module, golden.at("data").as_object(), facts));
  }
  EXPECT_GE(run["ffmpeg"], 10U);
  EXPECT_GE(run["handbrake"], 10U);
  EXPECT_GE(run["mkvmerge"], 10U);
  EXPECT_GE(run["mkvextract"], 5U);
}

TEST(Golden, EveryVectorIsTheOriginalsWhenMkvmergeItselfIsAsked) {
  const Registry registry;
  for (const auto& [file, golden] : golden_cases()) {
    if (!golden.contains("identify")) continue;
    SCOPED_TRACE(file);
    const Module& module = *registry.find(std::string_view(golden.at("module").as_string()));
    const json::object& data = golden.at("data").as_object();
    Facts facts = facts_of(golden);
    run_probes(module, data, facts);
    expect_vector(golden, plan_of(module, data, facts));
  }
}

}  // namespace
}  // namespace sisyphus::modules
