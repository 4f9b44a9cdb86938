#include "net/api_client.hpp"

#include "tests/net/scripted_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::net {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kId = "1f0c2a3b-0000-4000-8000-000000000000";
constexpr const char* kOther = "1f0c2a3b-0000-4000-8000-000000000001";

class ApiClientTest : public testing::Test {
 protected:
  // The replies to the calls, in their order, on one connection.
  void start(const std::vector<std::string>& replies) {
    std::vector<Step> steps;
    for (const std::string& reply : replies) steps.push_back({reply});
    start_with({steps});
  }
  void start_with(std::vector<std::vector<Step>> connections) {
    server_.emplace(loop_, std::move(connections));
    api_.emplace(HttpClient::create(loop_.get_executor(), server_->url()).value(), std::chrono::hours(1));
  }
  template <class T>
  T run(asio::awaitable<T> call) {
    return run_until_done(loop_, std::move(call));
  }
  // The request line of a call.
  std::string line(std::size_t index) const {
    const std::string& request = server_->requests.at(0).at(index);
    return request.substr(0, request.find(" HTTP/1.1"));
  }
  std::string body(std::size_t index) const {
    const std::string& request = server_->requests.at(0).at(index);
    return request.substr(request.find("\r\n\r\n") + 4);
  }

  asio::io_context loop_;
  std::optional<ScriptedServer> server_;
  std::optional<ApiClient> api_;
};

std::string job_list(std::initializer_list<std::string_view> ids, std::string_view next_cursor = "null") {
  std::string jobs;
  for (const std::string_view id : ids) {
    jobs +=
        fmt::format(R"({}{{"job_id":"{}","job_title":"t","state":"queued"}})", jobs.empty() ? "" : ",", id);
  }
  return reply_with(fmt::format(R"({{"jobs":[{}],"next_cursor":{}}})", jobs, next_cursor));
}

TEST_F(ApiClientTest, SubmitSendsTheDocumentAsItIs) {
  start({reply_with(R"({"job_id":"a","warnings":["no worker offers x"]})"),
         reply_with(R"({"job_ids":["a","b"]})")});
  const SubmitReply one = run(api_->submit(R"({"job_title": 1.0})")).value();
  EXPECT_THAT(one.ids, ElementsAre("a"));
  EXPECT_THAT(one.warnings, ElementsAre("no worker offers x"));
  EXPECT_THAT(run(api_->submit("[]")).value().ids, ElementsAre("a", "b"));
  EXPECT_EQ(line(0), "POST /queue");
  EXPECT_EQ(body(0), R"({"job_title": 1.0})");
}

TEST_F(ApiClientTest, ProblemBecomesAnErrorWithItsPointer) {
  start({reply_with(
             R"({"title":"Bad Request","status":400,"detail":"tasks must be an array","pointer":"/tasks"})",
             "400 Bad Request", "application/problem+json"),
         reply_with(R"({"message":"gone"})", "404 Not Found"), reply_with("", "409 Conflict"),
         reply_with("<html>", "503 Service Unavailable", "text/html")});
  EXPECT_EQ(run(api_->submit("{}")).error(), (Error{Errc::invalid, "tasks must be an array", "/tasks"}));
  EXPECT_EQ(run(api_->job(kId)).error(), (Error{Errc::not_found, "gone", ""}));
  EXPECT_EQ(run(api_->act(kId, JobAction::retry)).error(), (Error{Errc::conflict, "HTTP 409", ""}));
  EXPECT_EQ(run(api_->queue()).error(), (Error{Errc::unavailable, "HTTP 503: <html>", ""}));
}

TEST_F(ApiClientTest, ReplyOfSomethingElseIsANetworkError) {
  start({reply_with("<html>", "200 OK", "text/html"), reply_with("[]"), reply_with("{}"), reply_with("{}"),
         reply_with(R"({"jobs":[{"job_id":"a","state":"melting"}]})")});
  const Error error = run(api_->workers()).error();
  EXPECT_EQ(error.code, Errc::network);
  EXPECT_EQ(error.detail, server_->url() + "/workers did not answer as a Sisyphus server does");
  EXPECT_EQ(run(api_->job(kId)).error().code, Errc::network);
  EXPECT_EQ(run(api_->queue()).error().code, Errc::network);
  EXPECT_EQ(run(api_->submit("{}")).error().code, Errc::network);
  EXPECT_EQ(run(api_->jobs({})).error().code, Errc::network);
}

TEST_F(ApiClientTest, JobIsReadWithAllThatIsTold) {
  start(
      {reply_with(R"({"job_id":"a","job_title":"T","added":"2026-01-31T00:00:00Z","tasks":[],"state":"failed",
    "priority":-3,"attempt":1,"max_attempts":3,"modules":["ffmpeg"],"hostname":"box","task":"ffmpeg","task_index":1,
    "task_count":2,"progress":{"percent":12.5,"frame":300},"job_percent":56.25,"job_eta_s":130.5,"finished_at":"2026-02-01T00:00:00Z",
    "info":{"message":"exit code 1","outputs":["/a","/b"]},"waiting_for":"x"})")});
  const JobStatus job = run(api_->job(kId)).value();
  EXPECT_EQ(line(0), std::string("GET /jobs/") + kId);
  EXPECT_EQ(job.id, "a");
  EXPECT_EQ(job.title, "T");
  EXPECT_EQ(job.state, JobState::failed);
  EXPECT_EQ(job.priority, -3);
  EXPECT_EQ(job.attempt, 1);
  EXPECT_EQ(job.max_attempts, 3);
  EXPECT_THAT(job.modules, ElementsAre("ffmpeg"));
  EXPECT_EQ(job.hostname, "box");
  EXPECT_EQ(job.task, "ffmpeg");
  EXPECT_EQ(job.task_index, 1U);
  EXPECT_EQ(job.task_count, 2U);
  EXPECT_EQ(job.progress.percent, 12.5);
  EXPECT_EQ(job.progress.frame, 300);
  EXPECT_EQ(job.job_percent, 56.25);
  EXPECT_EQ(job.job_eta_s, 130.5);
  EXPECT_EQ(job.finished_at, "2026-02-01T00:00:00Z");
  EXPECT_EQ(job.message, "exit code 1");
  EXPECT_EQ(job.waiting_for, "x");
  EXPECT_THAT(job.outputs, ElementsAre("/a", "/b"));
  EXPECT_TRUE(job.raw.contains("tasks"));
}

TEST_F(ApiClientTest, JobsArePaged) {
  start({job_list({kId}, R"("2 &/c")"), job_list({kOther})});
  const JobList first = run(api_->jobs({JobState::queued, 1, ""})).value();
  EXPECT_EQ(first.next_cursor, "2 &/c");
  const JobList last = run(api_->jobs({JobState::queued, 1, first.next_cursor})).value();
  EXPECT_EQ(last.next_cursor, "");
  EXPECT_EQ(last.jobs.at(0).id, kOther);
  EXPECT_EQ(line(0), "GET /jobs?limit=1&state=queued");
  EXPECT_EQ(line(1), "GET /jobs?limit=1&state=queued&cursor=2%20%26%2Fc");
}

TEST_F(ApiClientTest, WholeIdIsNotLookedUp) {
  start({});
  EXPECT_EQ(run(api_->find_job("1F0C2A3B-0000-4000-8000-000000000000")).value(), kId);
}

TEST_F(ApiClientTest, BeginningOfAnIdIsLookedUpOnAllPages) {
  start({job_list({"77aa2a3b-0000-4000-8000-000000000000"}, "\"2\""), job_list({kId})});
  EXPECT_EQ(run(api_->find_job("1F0c")).value(), kId);
  EXPECT_EQ(line(1), "GET /jobs?limit=1000&cursor=2");
}

TEST_F(ApiClientTest, BeginningThatFitsSeveralOrNoneIsAnError) {
  start({job_list({kId, kOther}), job_list({kId})});
  EXPECT_EQ(run(api_->find_job("1f0c")).error(),
            invalid(std::string("1f0c is the beginning of several ids: ") + kId + " and " + kOther));
  EXPECT_EQ(run(api_->find_job("2")).error(), not_found("no job's id begins with 2"));
  EXPECT_EQ(run(api_->find_job("")).error().code, Errc::invalid);
  EXPECT_EQ(run(api_->find_job("../queue")).error().code, Errc::invalid);
}

TEST_F(ApiClientTest, ActionsTellTheNewState) {
  start({reply_with(R"({"job_id":"a","state":"cancelling"})"),
         reply_with(R"({"job_id":"a","state":"paused"})"), reply_with(R"({"job_id":"a","state":"running"})"),
         reply_with(R"({"job_id":"a","state":"queued"})")});
  EXPECT_EQ(run(api_->act("a", JobAction::cancel)).value(), JobState::cancelling);
  EXPECT_EQ(run(api_->act("a", JobAction::pause)).value(), JobState::paused);
  EXPECT_EQ(run(api_->act("a", JobAction::resume)).value(), JobState::running);
  EXPECT_EQ(run(api_->act("a", JobAction::retry)).value(), JobState::queued);
  EXPECT_EQ(line(0), "POST /jobs/a/cancel");
  EXPECT_EQ(line(3), "POST /jobs/a/retry");
}

TEST_F(ApiClientTest, PriorityIsSent) {
  start({reply_with(R"({"job_id":"a","priority":-4})")});
  EXPECT_TRUE(run(api_->set_priority("a", -4)));
  EXPECT_EQ(line(0), "PATCH /jobs/a");
  EXPECT_EQ(body(0), R"({"priority":-4})");
}

TEST_F(ApiClientTest, LogIsGivenAsItIs) {
  start_with({{{reply_with("one\ntwo\n", "200 OK", "text/plain; charset=utf-8")}},
              {{reply_with("")}},
              {{reply_with(R"({"detail":"no log"})", "404 Not Found")}},
              {{reply_with(R"({"detail":"cut off"})", "504 Gateway Timeout")}}});
  std::string text;
  const auto add = [&text](std::string_view more) { text += more; };
  EXPECT_TRUE(run(api_->log("a", {}, add)));
  EXPECT_EQ(text, "one\ntwo\n");
  EXPECT_TRUE(run(api_->log("a", {10, true}, add)));
  EXPECT_EQ(run(api_->log("a", {}, add)).error(), not_found("no log"));
  EXPECT_EQ(run(api_->log("a", {}, add)).error(), (Error{Errc::timeout, "cut off", ""}));
  EXPECT_THAT(server_->requests.at(0).at(0), StartsWith("GET /jobs/a/log?follow=0 "));
  EXPECT_THAT(server_->requests.at(1).at(0), StartsWith("GET /jobs/a/log?follow=1&lines=10 "));
}

TEST_F(ApiClientTest, NewestJobsAreReadOverAllPages) {
  start({job_list({kId}, "\"2\""), job_list({kOther})});
  EXPECT_EQ(run(api_->newest_jobs(JobState::queued, 5000)).value().size(), 2U);
  EXPECT_EQ(line(0), "GET /jobs?limit=1000&state=queued");
  EXPECT_EQ(line(1), "GET /jobs?limit=1000&state=queued&cursor=2");
}

TEST_F(ApiClientTest, DrainNamesTheWorkerEscaped) {
  start({reply_with("", "204 No Content"), reply_with(R"({"message":"gone"})", "404 Not Found")});
  EXPECT_TRUE(run(api_->drain_worker("a/b")));
  EXPECT_EQ(line(0), "POST /workers/a%2Fb/drain");
  EXPECT_EQ(run(api_->drain_worker("c")).error().code, Errc::not_found);
}

TEST_F(ApiClientTest, QueueIsReadAndChanged) {
  start({reply_with(R"({"queue":[],"entries":12,"attributes":{"disabled":true}})"),
         reply_with(R"({"disabled":false})"), reply_with("", "204 No Content")});
  const QueueState queue = run(api_->queue()).value();
  EXPECT_EQ(queue.entries, 12U);
  EXPECT_TRUE(queue.disabled);
  EXPECT_TRUE(run(api_->set_queue_disabled(false)));
  EXPECT_TRUE(run(api_->clear_queue()));
  EXPECT_EQ(line(1), "PATCH /queue");
  EXPECT_EQ(body(1), R"({"disabled":false})");
  EXPECT_EQ(line(2), "DELETE /queue");
}

TEST_F(ApiClientTest, DocumentNamesAreEscaped) {
  start({reply_with(R"({"name":"a b","x":1})"), reply_with("", "204 No Content"),
         reply_with("", "204 No Content")});
  EXPECT_EQ(run(api_->data("ffmpeg", "a b")).value(), R"({"name":"a b","x":1})");
  EXPECT_TRUE(run(api_->put_data("ffmpeg", "../a?", "{}")));
  EXPECT_TRUE(run(api_->remove_data("ffmpeg", "\xC3\xA9")));
  EXPECT_EQ(line(0), "GET /data/ffmpeg/a%20b");
  EXPECT_EQ(line(1), "POST /data/ffmpeg/..%2Fa%3F");
  EXPECT_EQ(line(2), "DELETE /data/ffmpeg/%C3%A9");
}

}  // namespace
}  // namespace sisyphus::net
