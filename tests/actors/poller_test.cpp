#include "actors/poller.hpp"

#include "core/task_group.hpp"
#include "tests/actors/loop_fixture.hpp"
#include "tests/actors/no_option_sets.hpp"
#include "tests/modules/support.hpp"
#include "tests/net/scripted_server.hpp"

#include <asio/thread_pool.hpp>
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <memory>

namespace sisyphus::actors {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A worker of two slots with one job, at a server of ours that it has reached. The test stands in for the
// heartbeat.
class PollerTest : public ::testing::Test {
 protected:
  PollerTest() {
    board_.reached = true;
    board_.extensions = {"leases", "long-poll"};
    board_.running = {&runner_};
  }
  ~PollerTest() override {
    group_.cancel();
    turn_until([this] { return group_.size() == 0; });
  }

  void turn_until(const std::function<bool()>& condition) {
    while (!condition()) {
      if (loop_.stopped()) loop_.restart();
      loop_.run_one();
    }
  }
  asio::awaitable<void> count_heartbeats() {
    for (;;) {
      co_await board_.heartbeat_due.wait();
      ++heartbeats_asked_;
    }
  }
  void start() {
    group_.spawn("heartbeat", count_heartbeats());
    group_.spawn("poller", poller_.run());
  }
  bool polled() const { return !server_.requests.front().empty(); }
  void lease_until(SteadyTime until) { runner_.renewed(lease_.token, until); }

  static constexpr std::chrono::hours kLong{1};
  const SteadyTime now_ = std::chrono::steady_clock::now();
  asio::io_context loop_;
  TaskGroup group_{loop_.get_executor()};
  net::ScriptedServer server_{loop_, {{{"", true}}}};  // leaves the first poll unanswered
  sisyphus::testing::TempFolder folder_;
  WorkerState state_ = WorkerState::open(folder_.path()).value();
  NoOptionSets option_sets_;
  ProbeRunner probes_{loop_.get_executor()};
  WorkerBoard board_{loop_.get_executor(),
                     settings(),
                     modules::Registry(),
                     {net::HttpClient::create(loop_.get_executor(), server_.url()).value(), "w1"}};
  JobPlanner planner_{board_.registry, probes_, option_sets_};
  asio::thread_pool file_pool_{1};
  const Lease lease_{{7, 42}, now_ - kLong};
  JobRunner runner_{context(), request()};
  Poller poller_{loop_.get_executor(), board_,
                 [](net::GrantedJob) { ADD_FAILURE() << "nothing is granted"; }};
  int heartbeats_asked_ = 0;

 private:
  static WorkerSettings settings() {
    WorkerSettings settings;
    settings.slots = 2;
    return settings;
  }
  RunnerContext context() {
    return {
        loop_.get_executor(), file_pool_, planner_, state_, folder_.path(), Millis(0), {}, {}, {}, {}, 0, {}};
  }
  JobRequest request() const {
    JobRequest request;
    request.id = make_uuid();
    request.lease = lease_;
    return request;
  }
};

TEST_F(PollerTest, WorkerWhoseLeaseIsOverHeartbeatsBeforeItPolls) {
  start();
  turn_until([this] { return heartbeats_asked_ == 2 || polled(); });
  EXPECT_EQ(heartbeats_asked_, 2) << "again, as long as nothing was heard";
  EXPECT_FALSE(polled());
  lease_until(now_ + kLong);
  turn_until([this] { return polled(); });
  EXPECT_EQ(heartbeats_asked_, 2);
  EXPECT_THAT(server_.requests.front().front(), StartsWith("GET /queue/poll?worker_id=w1&"));
}

TEST_F(PollerTest, WorkerWhoseLeasesAreLivePollsAtOnce) {
  lease_until(now_ + kLong);
  start();
  turn_until([this] { return polled() || heartbeats_asked_ != 0; });
  EXPECT_EQ(heartbeats_asked_, 0);
}

TEST_F(PollerTest, JobThatIsBeingStoppedKeepsNobodyWaiting) {
  runner_.stop(StopReason::cancel);
  start();
  turn_until([this] { return polled() || heartbeats_asked_ != 0; });
  EXPECT_EQ(heartbeats_asked_, 0);
  EXPECT_THAT(server_.requests.front().front(), HasSubstr("&max=1&"));
}

}  // namespace
}  // namespace sisyphus::actors
