#include "app/watching.hpp"

#include "app/command.hpp"
#include "net/api_client.hpp"
#include "tests/net/scripted_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::app {
namespace {

using net::reply_with;
using net::ScriptedServer;
using net::Step;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr const char* kId = "1f0c2a3b-0000-4000-8000-000000000000";
constexpr const char* kOther = "77ab2a3b-0000-4000-8000-000000000000";
constexpr Backoff kAtOnce{Millis(0), Millis(0)};

std::string status(std::string_view id, std::string_view state, std::string_view more = "") {
  return fmt::format(R"({{"job_id":"{}","job_title":"T","state":"{}"{}}})", id, state, more);
}

std::string event(std::string_view type, std::string_view data, std::string_view id = "1") {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, type, data);
}

// The head of a stream that ends with its connection, and what it begins with.
std::string stream(std::string_view events) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{}", events);
}

// Connections are made in this order: the stream, then one that is kept for all other calls.
class WatchingTest : public testing::Test {
 protected:
  int watch(std::vector<std::string> ids, std::vector<std::vector<Step>> script) {
    ScriptedServer server(loop_, std::move(script));
    net::ApiClient api(net::HttpClient::create(loop_.get_executor(), server.url()).value(),
                       std::chrono::hours(1));
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = net::run_until_done(loop_, watch_jobs(api, std::move(ids), false, kAtOnce));
    loop_.restart();
    while (loop_.poll_one() != 0) continue;  // the feed ends
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    requests_ = std::move(server.requests);
    return code;
  }

  asio::io_context loop_;
  std::string output_;
  std::string errors_;
  std::vector<std::vector<std::string>> requests_;
};

TEST_F(WatchingTest, EndsWithTheJobAndTellsItsOutputs) {
  const int code =
      watch({kId}, {{{stream(event("state", status(kId, "running")) +
                             event("progress", fmt::format(R"({{"job_id":"{}","task":"ffmpeg",)"
                                                           R"("task_index":0,"task_count":1,)"
                                                           R"("progress":{{"percent":50}}}})",
                                                           kId)) +
                             event("state", status(kId, "completed"))),
                      true}},
                    {{reply_with(status(kId, "queued"))},
                     {reply_with(status(kId, "completed", R"(,"info":{"outputs":["/srv/a.mkv"]})"))}}});
  EXPECT_EQ(code, kExitDone);
  EXPECT_EQ(output_,
            "1f0c2a3b T: queued\n"
            "1f0c2a3b T: running\n"
            "1f0c2a3b T: 1/1 ffmpeg  50.0%\n"
            "1f0c2a3b T: completed\n"
            "  /srv/a.mkv\n");
}

TEST_F(WatchingTest, FailedJobTellsWhyAndIsExitCodeOne) {
  const int code =
      watch({kId}, {{{stream(event("state", status(kId, "failed"))), true}},
                    {{reply_with(status(kId, "running"))},
                     {reply_with(status(kId, "failed", R"(,"info":{"message":"exit code 1"})"))}}});
  EXPECT_EQ(code, kExitJobFailed);
  EXPECT_EQ(output_, "1f0c2a3b T: running\n1f0c2a3b T: failed: exit code 1\n");
}

TEST_F(WatchingTest, BrokenStreamIsOpenedAgainFromTheLastEvent) {
  const std::vector<Step> calls{{reply_with(status(kId, "queued"))},
                                {reply_with(status(kId, "running"))},
                                {reply_with(status(kId, "completed"))}};
  // The last call follows the end of the job, which the second stream tells.
  const int code = watch({kId}, {{{stream(event("state", status(kId, "queued"), "41"))}},
                                 calls,
                                 {{stream(event("state", status(kId, "completed"), "42")), true}}});
  EXPECT_EQ(code, kExitDone);
  EXPECT_THAT(requests_.at(0).at(0), Not(HasSubstr("Last-Event-ID")));
  EXPECT_THAT(requests_.at(2).at(0), HasSubstr("\r\nLast-Event-ID: 41\r\n"));
  EXPECT_THAT(output_, HasSubstr("connection lost ("));
}

TEST_F(WatchingTest, JobThatHasEndedBeforeIsToldAtOnce) {
  const int code =
      watch({kId}, {{{stream(""), true}},
                    {{reply_with(status(kId, "cancelled"))}, {reply_with(status(kId, "cancelled"))}}});
  EXPECT_EQ(code, kExitJobFailed);
  EXPECT_EQ(output_, "1f0c2a3b T: cancelled\n");
}

TEST_F(WatchingTest, SeveralJobsShareTheStreamOfAll) {
  const int code = watch({kId, kOther},
                         {{{stream(event("state", status("ffff2a3b-0000-4000-8000-000000000000", "failed")) +
                                   event("state", status(kOther, "completed")) +
                                   event("removed", fmt::format(R"({{"job_id":"{}"}})", kId))),
                            true}},
                          {{reply_with(status(kId, "queued"))},
                           {reply_with(status(kOther, "queued"))},
                           {reply_with(status(kOther, "completed"))}}});
  EXPECT_EQ(code, kExitJobFailed) << "one was removed";
  EXPECT_THAT(requests_.at(0).at(0), testing::StartsWith("GET /events "));
  EXPECT_EQ(output_, "1f0c2a3b T: queued\n77ab2a3b T: queued\n77ab2a3b T: completed\n1f0c2a3b: removed\n");
}

TEST_F(WatchingTest, MissedEventsAreMadeUpForByAskingAgain) {
  const int code = watch({kId}, {{{stream(event("resync", "{}")), true}},
                                 {{reply_with(status(kId, "queued"))},
                                  {reply_with(status(kId, "completed"))},
                                  {reply_with(status(kId, "completed"))}}});
  EXPECT_EQ(code, kExitDone);
  EXPECT_EQ(output_, "1f0c2a3b T: queued\n1f0c2a3b T: completed\n");
}

TEST_F(WatchingTest, WithoutIdsEveryJobIsShown) {
  const auto page = [](std::string_view jobs) {
    return Step{reply_with(fmt::format(R"({{"jobs":[{}],"next_cursor":null}})", jobs))};
  };
  // It would go on for good: the second stream is refused so that it ends.
  const int code =
      watch({}, {{{stream("")}},
                 {page(status(kId, "running")), page(""), page(""), page(status(kOther, "queued"))},
                 {{reply_with("{}", "404 Not Found")}}});
  EXPECT_EQ(code, kExitUsage);
  EXPECT_THAT(output_, testing::StartsWith("1f0c2a3b T: running\n77ab2a3b T: queued\n"));
  EXPECT_THAT(requests_.at(1), SizeIs(4));
  EXPECT_THAT(requests_.at(1).at(0), testing::StartsWith("GET /jobs?limit=200&state=running "));
}

TEST_F(WatchingTest, ServerThatIsNotThereIsExitCodeThree) {
  EXPECT_EQ(watch({kId}, {{}}), kExitUnreachable);
  EXPECT_THAT(errors_, HasSubstr("sisyphus: no whole reply from http://127.0.0.1:"));
}

TEST_F(WatchingTest, RefusedStreamEndsTheWatch) {
  EXPECT_EQ(watch({kId}, {{{reply_with(R"({"detail":"no such route"})", "404 Not Found")}}}), kExitUsage);
  EXPECT_EQ(errors_, "sisyphus: no such route\n");
}

}  // namespace
}  // namespace sisyphus::app
