#include "actors/job_checks.hpp"

#include "tests/modules/support.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::actors {
namespace {

namespace json = boost::json;
using sisyphus::testing::parsed;
using sisyphus::testing::read_text;
using sisyphus::testing::source_folder;

// tests/actors/bad_documents.json. `good`: a job, and for each module the data of a task, all without fault.
// `bad`: what becomes of a good one without a key and with changes (`in` says which), or a text as it stands,
// and all that is said of it: pointer and message. Pointers of a module's data begin there.
class BadDocuments : public ::testing::Test {
 protected:
  json::value file_ = parsed(read_text(source_folder() / "tests" / "actors" / "bad_documents.json"));
  const json::object& good_ = file_.at("good").as_object();
  const json::array& bad_ = file_.at("bad").as_array();
  modules::Registry registry_;
  JobChecks checks_{registry_};

  // A job whose only task has this data.
  std::string job_with(const std::string& module, json::object data) const {
    json::object job = good_.at("job").as_object();
    job["tasks"] = json::array{json::object{{"module", module}, {"data", std::move(data)}}};
    return json::serialize(job);
  }

  std::string document_of(const json::object& one) const {
    if (const json::value* text = one.if_contains("text")) return std::string(text->as_string());
    const std::string name(one.at("in").as_string());
    json::object object = good_.at(name).as_object();
    if (const json::value* key = one.if_contains("without")) object.erase(key->as_string());
    if (const json::value* change = one.if_contains("change")) {
      for (const auto& [key, value] : change->as_object()) object[key] = value;
    }
    return name == "job" ? json::serialize(object) : job_with(name, std::move(object));
  }

  json::array said_of(const std::string& document, const std::string& prefix) const {
    json::array said;
    for (const Error& problem : checks_.check(document)) {
      std::string pointer = problem.pointer;
      if (pointer.starts_with(prefix)) pointer.erase(0, prefix.size());
      said.push_back(json::array{pointer, problem.detail});
    }
    return said;
  }
};

TEST_F(BadDocuments, TheGoodOnesAreGood) {
  for (const auto& [name, data] : good_) {
    const std::string document =
        name == "job" ? json::serialize(data) : job_with(std::string(name), data.as_object());
    EXPECT_EQ(said_of(document, ""), json::array{}) << std::string_view(name);
  }
}

TEST_F(BadDocuments, EachIsToldExactlyWhatIsWrongAndWhere) {
  std::map<std::string, std::size_t> counts;
  for (const json::value& one : bad_) {
    const json::object& wrong = one.as_object();
    const json::value* in = wrong.if_contains("in");
    const std::string name(in == nullptr ? "text" : in->as_string());
    const bool in_module = name != "text" && name != "job";
    EXPECT_EQ(said_of(document_of(wrong), in_module ? "/tasks/0/data" : ""), wrong.at("problems").as_array())
        << json::serialize(wrong);
    ++counts[name];
  }
  for (const std::string& module : registry_.names()) {
    if (!good_.contains(module)) continue;
    EXPECT_GE(counts[module], 15U) << module;
  }
  EXPECT_GE(bad_.size(), 120U);
}

TEST(JobChecks, AMistakeOfTheJobHidesNoneOfItsTasks) {
  const modules::Registry registry;
  const auto problems = JobChecks(registry).check(
      R"({"job_title":"t","priority":200,"tasks":[7,{"module":"none"},{"module":"cleanup","data":{"delete":[1]}}]})");
  std::vector<std::string> pointers;
  for (const Error& problem : problems) pointers.push_back(problem.pointer);
  EXPECT_THAT(pointers, ::testing::ElementsAre("/priority", "/tasks/2/data/delete/0"));
}

}  // namespace
}  // namespace sisyphus::actors
