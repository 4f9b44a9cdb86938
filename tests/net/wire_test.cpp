#include "net/wire.hpp"

#include "net/json_text.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace sisyphus::net {
namespace {

namespace json = boost::json;

const JobId kId = *parse_uuid("0b4ee0c2-31f5-4f0a-9a44-7d3c5ddc1a52");

JobView running() {
  JobView view;
  view.id = kId;
  view.document = R"({"job_id":"0b4ee0c2-31f5-4f0a-9a44-7d3c5ddc1a52","added":"2026-02-01T00:00:00.000Z",)"
                  R"("job_title":"A \u0026 B","tasks":[{"module":"m","data":{"crf":19.0}}]})";
  view.title = "A & B";
  view.modules = {"m"};
  view.state = JobState::running;
  view.attempt = 1;
  view.max_attempts = 3;
  view.worker_id = "w1";
  view.progress = R"("task":"m","job_percent":7.5)";
  view.started_at = WallTime(Millis(1'769'904'000'000));
  view.info = R"({"x":1})";
  return view;
}

TEST(Wire, JobIsItsDocumentAsStoredWithTheMembersOfAStatus) {
  const std::string text = job_json(running());
  EXPECT_TRUE(text.starts_with(running().document.substr(0, running().document.size() - 1) + ",")) << text;
  const json::object job = json::parse(text).as_object();
  EXPECT_EQ(job.at("state").as_string(), "running");
  EXPECT_EQ(job.at("priority").as_int64(), 0);
  EXPECT_EQ(job.at("max_attempts").as_int64(), 3);
  EXPECT_EQ(job.at("task").as_string(), "m");
  EXPECT_EQ(job.at("job_percent").as_double(), 7.5);
  EXPECT_EQ(job.at("info").as_object().at("x").as_int64(), 1);
  EXPECT_FALSE(job.contains("message"));
}

TEST(Wire, JobRepeatsNoMemberOfItsDocument) {
  JobView view = running();
  view.document.insert(view.document.size() - 1, R"(,"priority":5,"max_attempts":2)");
  view.priority = 5;
  view.max_attempts = 2;
  const std::string text = job_json(view);
  EXPECT_EQ(text.find("\"priority\""), text.rfind("\"priority\""));
  EXPECT_EQ(text.find("\"max_attempts\""), text.rfind("\"max_attempts\""));
}

TEST(Wire, JobAndStatusListTheAttempts) {
  JobView view = running();
  view.attempts = {{1, Attempt::End::lost, "w0", "not heard", *view.started_at, *view.started_at + Millis(1)},
                   {2, Attempt::End::running, "w1", "", *view.started_at, {}}};
  const std::string first =
      R"({"attempt":1,"outcome":"lost","worker_id":"w0","reason":"not heard",)"
      R"("started_at":"2026-02-01T00:00:00.000Z","ended_at":"2026-02-01T00:00:00.001Z"})";
  const std::string second =
      R"({"attempt":2,"outcome":"running","worker_id":"w1","started_at":"2026-02-01T00:00:00.000Z"})";
  for (const std::string& text : {job_json(view), status_json(view)}) {
    EXPECT_EQ(json::serialize(json::parse(text).at("attempts")), "[" + first + "," + second + "]");
  }
  EXPECT_FALSE(json::parse(state_event_json(view)).as_object().contains("attempts"));
}

TEST(Wire, EventIsAStatusWithoutInfo) {
  const json::object event = json::parse(state_event_json(running())).as_object();
  EXPECT_EQ(event.at("job_title").as_string(), "A & B");
  EXPECT_EQ(event.at("added").as_string(), "2026-02-01T00:00:00.000Z");
  EXPECT_EQ(event.at("started_at").as_string(), "2026-02-01T00:00:00.000Z");
  EXPECT_FALSE(event.contains("info"));
  EXPECT_FALSE(event.contains("tasks"));
  EXPECT_TRUE(json::parse(status_json(running())).as_object().contains("info"));
}

TEST(Wire, GrantsHaveLeaseAndAttemptInFront) {
  const Grant first{kId, SharedText(R"({"job_id":"x"})"), {7, 42}, Millis(1500), 2};
  const Grant second{kId, SharedText(R"({"job_id":"y"})"), {7, 43}, Millis(60'000), 1};
  EXPECT_EQ(grants_json({first, second}),
            R"({"jobs":[{"lease":{"token":"7-42","expires_s":1.5},"attempt":2,"job_id":"x"},)"
            R"({"lease":{"token":"7-43","expires_s":60},"attempt":1,"job_id":"y"}]})");
  EXPECT_EQ(grants_json({}), R"({"jobs":[]})");
}

TEST(Wire, WorkerIsItsHeartbeatWithIdAndAttributes) {
  EXPECT_EQ(worker_json({"w\"1", "h", R"({"status":"idle"})", true}),
            R"({"status":"idle","worker_id":"w\"1","attributes":{"disabled":true}})");
}

TEST(Wire, EventsAreWrittenAsTheStandardSays) {
  EXPECT_EQ(sse_event("3-9", "state", "{}"), "id: 3-9\nevent: state\ndata: {}\n\n");
  EXPECT_EQ(sse_event("", "resync", "{}"), "event: resync\ndata: {}\n\n");
}

TEST(JsonText, MembersAreAddedToEmptyAndFullObjects) {
  std::string text = "{}";
  add_members(text, "{}");
  EXPECT_EQ(text, "{}");
  add_member(text, "a", "1");
  add_members(text, R"({"b":2})");
  EXPECT_EQ(text, R"({"a":1,"b":2})");
}

}  // namespace
}  // namespace sisyphus::net
