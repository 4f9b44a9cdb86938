#include "core/job_document.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace sisyphus {
namespace {

const WallTime kAdded{Millis(1'769'904'000'123)};  // 2026-02-01T00:00:00.123Z

std::string with(std::string_view members) {
  return fmt::format(R"({{"job_title":"t","tasks":[{{"module":"m","data":{{}}}}]{}{}}})",
                     members.empty() ? "" : ",", members);
}

std::string with_task(std::string_view task) {
  return fmt::format(R"({{"job_title":"t","tasks":[{}]}})", task);
}

JobDocument accepted(std::string_view body) {
  auto submission = read_submission(body, kAdded);
  EXPECT_TRUE(submission) << (submission ? "" : submission.error().detail);
  if (!submission) return {};
  return std::move(submission->jobs.at(0));
}

JobSpec spec_of(std::string_view body) {
  return accepted(body).spec;
}

// What is stored behind the two members that the server puts in front.
std::string stored(std::string_view body) {
  const JobDocument document = accepted(body);
  const std::string front =
      fmt::format(R"({{"job_id":"{}","added":"2026-02-01T00:00:00.123Z",)", to_string(document.id));
  EXPECT_TRUE(document.text.starts_with(front)) << document.text;
  return "{" + document.text.substr(std::min(front.size(), document.text.size()));
}

Error refused(std::string_view body) {
  const auto submission = read_submission(body, kAdded);
  EXPECT_FALSE(submission) << body;
  return submission ? Error{} : submission.error();
}

struct Wrong {
  std::string body;
  std::string detail;
  std::string pointer;
};

void expect_refused(const Wrong& wrong) {
  const Error error = refused(wrong.body);
  EXPECT_EQ(error.code, Errc::invalid) << wrong.body;
  EXPECT_EQ(error.detail, wrong.detail) << wrong.body;
  EXPECT_EQ(error.pointer, wrong.pointer) << wrong.body;
}

TEST(JobDocument, IsStoredByteForByteBehindIdAndTime) {
  const std::string text =
      R"({ "tasks" : [ {"module":"ffmpeg","data":{"z":19,"a":19.0,"s":1e-7,"big":18446744073709551615,)"
      R"("neg":-0.0,"e":1E+2,"esc":"\u00e9\/\n\"","utf8":"Zoë 漢字 🎬","n":null},"note":[1, 2]} ],)"
      "\t\"job_title\":\"T\"  }";
  EXPECT_EQ(stored(text), text);
}

TEST(JobDocument, AliasJobNameIsStoredAsJobTitle) {
  EXPECT_EQ(stored(R"({"job_name":"A","tasks":[{"module":"m","data":{"job_name":"job_name"}}]})"),
            R"({"job_title":"A","tasks":[{"module":"m","data":{"job_name":"job_name"}}]})");
  EXPECT_EQ(stored(R"({"tasks":[{"module":"m","data":{}}], "job_name" :"A"})"),
            R"({"tasks":[{"module":"m","data":{}}], "job_title" :"A"})");
  EXPECT_EQ(spec_of(R"({"job_name":"A","tasks":[{"module":"m","data":{}}]})").title, "A");
}

TEST(JobDocument, AliasInEveryJobOfAnArrayIsReplaced) {
  const auto submission = read_submission(
      R"( [ {"job_name":"A","tasks":[{"module":"m","data":{}}]} , {"tasks":[{"module":"m","data":{}}],"job_name":"B"} ] )",
      kAdded);
  ASSERT_TRUE(submission);
  ASSERT_EQ(submission->jobs.size(), 2U);
  EXPECT_TRUE(submission->is_array);
  EXPECT_NE(submission->jobs[0].text.find(R"("job_title":"A")"), std::string::npos);
  EXPECT_TRUE(submission->jobs[1].text.ends_with(R"("job_title":"B"})"));
  EXPECT_NE(submission->jobs[0].id, submission->jobs[1].id);
}

TEST(JobDocument, AmpersandIsStoredEscaped) {
  EXPECT_EQ(
      stored(R"({"job_title":"A & B &amp; \\&","tasks":[{"module":"m","data":{"&":"&"}}]})"),
      R"({"job_title":"A \u0026 B \u0026amp; \\\u0026","tasks":[{"module":"m","data":{"\u0026":"\u0026"}}]})");
  EXPECT_EQ(spec_of(R"({"job_title":"A & B","tasks":[{"module":"m","data":{}}]})").title, "A & B");
}

TEST(JobDocument, StoredTextEndsWithItsBrace) {
  EXPECT_TRUE(accepted(with("") + "\n").text.ends_with("}]}"));
  EXPECT_TRUE(accepted(" \r\n\t" + with("") + " \r\n\t").text.ends_with("}]}"));
}

TEST(JobDocument, StoredTextReadsBackToTheSameFacts) {
  const JobDocument document = accepted(
      R"({"job_name":"N","tasks":[{"module":"b","data":{}},{"module":"a","data":{}},{"module":"b","data":{}}],)"
      R"("priority":-7,"max_attempts":5,"timeout_s":1.5,"not_before":"2026-03-01T01:00:00+01:00",)"
      R"("requires":{"labels":["y","x","y"],"resources":{"gpu":1,"ram":0.5}},"idempotency_key":"k",)"
      R"("metadata":{"any":[1]}})");
  const auto again = read_stored_spec(document.text);
  ASSERT_TRUE(again);
  for (const JobSpec* const spec : {&document.spec, &*again}) {
    EXPECT_EQ(spec->title, "N");
    EXPECT_EQ(spec->task_count, 3U);
    EXPECT_EQ(spec->needs.modules, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(spec->needs.labels, (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(spec->needs.resources, (std::map<std::string, double>{{"gpu", 1}, {"ram", 0.5}}));
    EXPECT_EQ(spec->priority, -7);
    EXPECT_EQ(spec->max_attempts, 5);
    EXPECT_EQ(spec->timeout_s, 1.5);
    ASSERT_TRUE(spec->not_before);
    EXPECT_EQ(rfc3339(*spec->not_before), "2026-03-01T00:00:00.000Z");
    EXPECT_EQ(spec->idempotency_key, "k");
  }
}

TEST(JobDocument, DefaultsAreThreeAttemptsAndPriorityZero) {
  const JobSpec spec = spec_of(with(""));
  EXPECT_EQ(spec.max_attempts, 3);
  EXPECT_EQ(spec.priority, 0);
  EXPECT_FALSE(spec.timeout_s);
  EXPECT_FALSE(spec.not_before);
  EXPECT_EQ(spec.idempotency_key, "");
}

TEST(JobDocument, UnknownFieldIsNamed) {
  const std::string rest =
      "; a job has job_title, tasks and optionally priority, max_attempts, timeout_s, not_before, requires, "
      "idempotency_key, metadata";
  expect_refused({with(R"("colour":1)"), "unknown field \"colour\"" + rest, "/colour"});
  expect_refused({with(R"("a/b~c":1)"), "unknown field \"a/b~c\"" + rest, "/a~1b~0c"});
  expect_refused({with(R"("prioritiy":1)"), "unknown field \"prioritiy\"" + rest + "; did you mean priority?",
                  "/prioritiy"});
  for (const char* const name : {"job_id", "added"}) {
    expect_refused({with(fmt::format(R"("{}":"x")", name)),
                    fmt::format("the server gives a job its \"{}\"; leave it out", name),
                    fmt::format("/{}", name)});
  }
}

TEST(JobDocument, WrongKindNamesFieldAndKind) {
  const Wrong wrongs[] = {
      {"[]", "the array holds no job", ""},
      {"3", "a job must be an object, found an integer", ""},
      {"null", "a job must be an object, found null", ""},
      {R"({"job_title":1,"tasks":[]})", "job_title must be a string, found an integer", "/job_title"},
      {R"({"job_name":[],"tasks":[]})", "job_name must be a string, found an array", "/job_name"},
      {R"({"job_title":"t","tasks":"x"})", "tasks must be an array, found a string", "/tasks"},
      {R"({"job_title":"t","tasks":{}})", "tasks must be an array, found an object", "/tasks"},
      {R"({"job_title":"t","tasks":[]})", "a job needs at least one task", "/tasks"},
      {R"({"job_title":"t"})", "a job needs tasks, an array of at least one", "/tasks"},
      {R"({"tasks":[{"module":"m","data":{}}]})", "a job needs a job_title", "/job_title"},
      {with_task("7"), "a task must be an object with module and data, found an integer", "/tasks/0"},
      {with_task(R"({"module":"m","data":{}},[])"),
       "a task must be an object with module and data, found an array", "/tasks/1"},
      {with_task(R"({"module":3,"data":{}})"), "module must be a string, found an integer",
       "/tasks/0/module"},
      {with_task(R"({"module":"","data":{}})"), "module must name a module", "/tasks/0/module"},
      {with_task(R"({"data":{}})"), "a task must name its module", "/tasks/0/module"},
      {with_task(R"({"module":"m","data":{}},{"module":"m"})"),
       "a task must have data, an object for its module", "/tasks/1/data"},
      {with_task(R"({"module":"m","data":[]})"), "data must be an object, found an array", "/tasks/0/data"},
      {with(R"("priority":1.0)"), "priority must be an integer, found a number", "/priority"},
      {with(R"("priority":"1")"), "priority must be an integer, found a string", "/priority"},
      {with(R"("max_attempts":true)"), "max_attempts must be an integer, found a boolean", "/max_attempts"},
      {with(R"("timeout_s":"1")"), "timeout_s must be a number, found a string", "/timeout_s"},
      {with(R"("metadata":[])"), "metadata must be an object, found an array", "/metadata"},
      {with(R"("requires":null)"), "requires must be an object, found null", "/requires"},
      {with(R"("idempotency_key":1)"), "idempotency_key must be a string, found an integer",
       "/idempotency_key"},
  };
  for (const Wrong& wrong : wrongs) expect_refused(wrong);
}

TEST(JobDocument, ArrayPutsTheJobsPlaceBeforeThePointer) {
  expect_refused({"[" + with("") + "," + with_task(R"({"module":7,"data":{}})") + "]",
                  "module must be a string, found an integer", "/1/tasks/0/module"});
  expect_refused({"[" + with("") + "," + with(R"("requires":{"labels":[1]})") + "]",
                  "a label must be a string, found 1", "/1/requires/labels/0"});
  expect_refused({"[" + with("") + ",3]", "a job must be an object, found an integer", "/1"});
}

TEST(JobDocument, FieldGivenTwiceIsRefused) {
  expect_refused(
      {with(R"("priority":1,"priority":1)"), "the field \"priority\" is given twice", "/priority"});
  expect_refused({with_task(R"({"module":"a","data":{},"module":"b"})"),
                  "the field \"module\" is given twice", "/tasks/0/module"});
  expect_refused({with_task(R"({"module":"a","data":{},"data":{}})"), "the field \"data\" is given twice",
                  "/tasks/0/data"});
  const std::string both = "give job_title or its alias job_name, not both";
  expect_refused({R"({"job_title":"a","job_name":"b","tasks":[]})", both, "/job_name"});
  expect_refused({R"({"job_name":"a","job_title":"b","tasks":[]})", both, "/job_name"});
}

TEST(JobDocument, AliasWrittenWithEscapesIsRefusedAndNotStoredWrong) {
  expect_refused({R"({"job\u005fname":"a","tasks":[{"module":"m","data":{}}]})",
                  "write the key job_name without escapes", "/job_name"});
}

TEST(JobDocument, OrdinaryKeysMayBeWrittenWithEscapes) {
  EXPECT_EQ(spec_of(R"({"job\u005ftitle":"a","tasks":[{"modul\u0065":"m","data":{}}]})").needs.modules,
            std::vector<std::string>{"m"});
}

std::string nested(std::size_t depth) {  // the document, tasks, task and data are the first four levels
  const std::string open(depth - 4, '[');
  const std::string close(depth - 4, ']');
  return with_task(fmt::format(R"({{"module":"m","data":{{"x":{}1{}}}}})", open, close));
}

TEST(JobDocument, ThirtyTwoLevelsAreTakenAndThirtyThreeRefused) {
  EXPECT_EQ(spec_of(nested(32)).task_count, 1U);
  expect_refused({nested(33), "the JSON is nested deeper than 32 levels", ""});
}

TEST(JobDocument, NumbersThatDoNotFitAreRefused) {
  const auto unfit = [](std::string_view number) {
    return fmt::format("the number {} fits neither a 64-bit integer nor a finite double", number);
  };
  const auto task = [](std::string_view number) {
    return with_task(fmt::format(R"({{"module":"m","data":{{"x":{}}}}})", number));
  };
  expect_refused({task("18446744073709551616"), unfit("18446744073709551616"), "/tasks/0/data"});
  expect_refused({task("-9223372036854775809"), unfit("-9223372036854775809"), "/tasks/0/data"});
  EXPECT_EQ(refused(task("1e400")).code, Errc::invalid);
  for (const char* const number :
       {"18446744073709551615", "-9223372036854775808", "1e308", "1e-400", "0.1"}) {
    EXPECT_EQ(spec_of(task(number)).task_count, 1U) << number;
  }
}

TEST(JobDocument, NamesThatAreNotUtf8AreRefused) {
  for (const char* const name : {"\xff", "\xc3", "\xed\xa0\x80", "\xc0\x80"}) {
    const Error error = refused(with_task(fmt::format(R"({{"module":"m","data":{{"f":"{}"}}}})", name)));
    EXPECT_TRUE(error.detail.starts_with("not valid JSON: ")) << error.detail;
  }
}

TEST(JobDocument, SyntaxErrorsAreRefused) {
  for (const std::string& body :
       {std::string("{"), with("").substr(0, with("").size() - 1), std::string("{]"), std::string("nul"),
        "[" + with(""), "[" + with("") + ",]", with("\"priority\":01"), with("\"metadata\":{\"a\":1,}"),
        std::string("{\"job_title\":\"\\ud800\"}")}) {
    EXPECT_EQ(refused(body).code, Errc::invalid) << body;
  }
}

TEST(JobDocument, WhatFollowsTheEndIsRefused) {
  expect_refused({with("") + "\n x", "not valid JSON: there is more after the end, at line 2, column 2", ""});
  const auto at_column = [](std::size_t column) { return fmt::format(", at line 1, column {}", column); };
  const std::string more = "not valid JSON: there is more after the end";
  const std::size_t length = with("").size();
  expect_refused({with("") + with(""), more + at_column(length + 1), ""});
  expect_refused({"[" + with("") + "] 1", more + at_column(length + 4), ""});
  expect_refused({"[" + with("") + with("") + "]",
                  "not valid JSON: an array of jobs needs ',' or ']' after a job" + at_column(length + 2),
                  ""});
}

TEST(JobDocument, EmptyBodySaysWhatToSend) {
  expect_refused({"", "the body is empty; send a job: {\"job_title\": …, \"tasks\": […]}", ""});
  expect_refused({" \n", "the body is empty; send a job: {\"job_title\": …, \"tasks\": […]}", ""});
}

TEST(JobDocument, PriorityAttemptsAndTimeoutKeepTheirRanges) {
  EXPECT_EQ(spec_of(with(R"("priority":-100)")).priority, -100);
  EXPECT_EQ(spec_of(with(R"("priority":100)")).priority, 100);
  expect_refused(
      {with(R"("priority":101)"), "priority must lie between -100 and 100, found 101", "/priority"});
  expect_refused(
      {with(R"("priority":-101)"), "priority must lie between -100 and 100, found -101", "/priority"});
  EXPECT_EQ(spec_of(with(R"("max_attempts":1)")).max_attempts, 1);
  EXPECT_EQ(spec_of(with(R"("max_attempts":1000)")).max_attempts, 1000);
  expect_refused(
      {with(R"("max_attempts":0)"), "max_attempts must lie between 1 and 1000, found 0", "/max_attempts"});
  expect_refused({with(R"("max_attempts":1001)"), "max_attempts must lie between 1 and 1000, found 1001",
                  "/max_attempts"});
  EXPECT_EQ(spec_of(with(R"("timeout_s":10)")).timeout_s, 10.0);
  expect_refused(
      {with(R"("timeout_s":0)"), "timeout_s must be a number of seconds above 0, found 0", "/timeout_s"});
}

TEST(JobDocument, RequiresNamesWhatIsWrong) {
  expect_refused({with(R"("requires":{"labels":"x"})"),
                  "labels must be an array of strings, such as [\"nvenc\"], found \"x\"",
                  "/requires/labels"});
  expect_refused(
      {with(R"("requires":{"labels":["a",1]})"), "a label must be a string, found 1", "/requires/labels/1"});
  expect_refused({with(R"("requires":{"resources":["gpu"]})"),
                  "resources must be an object of names and amounts, such as {\"gpu\": 1}, found [\"gpu\"]",
                  "/requires/resources"});
  expect_refused({with(R"("requires":{"gp/us":1})"),
                  "unknown key \"gp/us\" in requires, which has labels and resources", "/requires/gp~1us"});
  for (const char* const amount : {"0", "-1", "\"1\"", "null"}) {
    expect_refused({with(fmt::format(R"("requires":{{"resources":{{"gpu":{}}}}})", amount)),
                    fmt::format("the amount of a resource must be a number above 0, found {}", amount),
                    "/requires/resources/gpu"});
  }
  EXPECT_EQ(spec_of(with(R"("requires":{})")).needs.labels, std::vector<std::string>{});
}

TEST(JobDocument, IdempotencyKeyHasOneTo255Bytes) {
  EXPECT_EQ(
      spec_of(with(fmt::format(R"("idempotency_key":"{}")", std::string(255, 'k')))).idempotency_key.size(),
      255U);
  for (const std::string& key : {std::string(), std::string(256, 'k')}) {
    expect_refused({with(fmt::format(R"("idempotency_key":"{}")", key)),
                    fmt::format("idempotency_key must have 1 to 255 bytes, found {}", key.size()),
                    "/idempotency_key"});
  }
}

TEST(JobDocument, NotBeforeIsAnRfc3339Time) {
  const auto time = [](std::string_view text) {
    return spec_of(with(fmt::format(R"("not_before":"{}")", text))).not_before;
  };
  EXPECT_EQ(time("2026-01-31T22:00:00Z"), WallTime(Millis(1'769'896'800'000)));
  EXPECT_EQ(time("2026-01-31T22:00:00.5Z"), WallTime(Millis(1'769'896'800'500)));
  EXPECT_EQ(time("2026-01-31T22:00:00.123456+00:00"), WallTime(Millis(1'769'896'800'123)));
  EXPECT_EQ(time("2026-02-01T03:30:00+05:30"), WallTime(Millis(1'769'896'800'000)));
  for (const char* const text :
       {"", "tomorrow", "2026-01-31", "2026-01-31T22:00:00", "2026-01-31 22:00:00Z", "2026-02-30T22:00:00Z",
        "2026-1-31T22:00:00.00Z", "2026-01-31T2:00:00.000Z", "2026-01-31T25:00:00Z", "2026-01-31T22:00:00.Z",
        "2026-01-31T22:00:00+0100", "2026-01-31T22:00:00Zx", " 2026-01-31T22:00:00Z",
        "2026-01-31T22:00:00+1:00"}) {
    expect_refused(
        {with(fmt::format(R"("not_before":"{}")", text)),
         fmt::format("not_before must be an RFC 3339 time such as 2026-01-31T22:00:00Z, found \"{}\"", text),
         "/not_before"});
  }
}

TEST(JobDocument, DamagedStoredTextIsAnError) {
  const std::string text = accepted(with("")).text;
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(read_stored_spec(std::string_view(text).substr(0, length))) << length;
  }
}

}  // namespace
}  // namespace sisyphus
