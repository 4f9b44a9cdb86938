#include "app/watching.hpp"

#include "app/client_command.hpp"
#include "app/terminal/output.hpp"
#include "net/api_client.hpp"

#include <asio/this_coro.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace sisyphus::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kShownAtFirst = 200;  // jobs of each state, when all are watched

JobShown shown(const net::JobStatus& status) {
  JobShown job;
  job.id = status.id;
  job.title = status.title;
  job.state = status.state;
  job.task = status.task;
  job.task_index = status.task_index;
  job.task_count = status.task_count;
  job.progress = status.progress;
  job.job_percent = status.job_percent;
  job.job_eta_s = status.job_eta_s;
  job.hostname = status.hostname;
  job.message = status.message.empty() ? status.waiting_for : status.message;
  if (status.state == JobState::completed) job.outputs = status.outputs;
  return job;
}

// Keeps what is known of the jobs that are watched, and shows it. Lives in the frame of watch_jobs.
class Watch {
 public:
  Watch(net::ApiClient& api, std::vector<std::string> ids, bool as_json)
      : api_(api), ids_(std::move(ids)), output_(as_json) {}

  bool over() const { return !ids_.empty() && ended_.size() == ids_.size(); }

  int exit_code() const {
    const bool all = std::all_of(ended_.begin(), ended_.end(), [](const auto& job) { return job.second; });
    return all ? kExitDone : kExitJobFailed;
  }

  asio::awaitable<Result<void>> take(FeedItem item) {
    switch (item.kind) {
      case FeedItem::Kind::opened:
        return refresh();
      case FeedItem::Kind::event:
        return take_event(std::move(item.event));
      case FeedItem::Kind::broken:
        break;
    }
    return tell_broken(std::move(item.error));
  }

 private:
  asio::awaitable<Result<void>> tell_broken(Error error) {
    output_.note(fmt::format("connection lost ({}); trying again", error.detail));
    co_return Result<void>();
  }

  asio::awaitable<Result<void>> take_event(net::ServerEvent event) {
    if (event.type == "resync") co_return co_await refresh();
    if (event.type != "state" && event.type != "progress" && event.type != "removed")
      co_return Result<void>();
    json::error_code failed;
    json::value value = json::parse(event.data, failed);
    if (failed || !value.is_object()) {
      co_return Error{
          Errc::network, fmt::format("the server sent a {} event that is no JSON object", event.type), {}};
    }
    json::object& object = value.get_object();
    if (event.type == "state") {
      Result<net::JobStatus> status = net::read_job_status(std::move(object));
      if (!status) co_return status.error();
      if (is_watched(status->id)) co_await take_status(std::move(*status));
      co_return Result<void>();
    }
    const json::value* id = object.if_contains("job_id");
    const auto known =
        id != nullptr && id->is_string() ? jobs_.find(std::string(id->get_string())) : jobs_.end();
    if (known == jobs_.end()) co_return Result<void>();
    if (event.type == "removed") {
      removed(known->first);
    } else {
      net::read_job_progress(object, known->second);
      output_.show(shown(known->second));
    }
    co_return Result<void>();
  }

  bool is_watched(const std::string& id) const {
    return ids_.empty() || std::find(ids_.begin(), ids_.end(), id) != ids_.end();
  }

  void removed(std::string id) {
    output_.forget(id);
    jobs_.erase(id);
    if (!ids_.empty()) ended_[id] = false;
  }

  asio::awaitable<void> take_status(net::JobStatus status) {
    const std::string id = status.id;
    if (!is_terminal(status.state)) {
      ended_.erase(id);  // tried again
      output_.show(shown(status));
      jobs_.insert_or_assign(id, std::move(status));
      co_return;
    }
    if (ended_.contains(id)) co_return;
    // A state event leaves out what the worker said at the end.
    Result<net::JobStatus> whole = co_await api_.job(id);
    const bool same = whole && whole->state == status.state;  // else it was tried again meanwhile
    output_.show(shown(same ? *whole : status));
    jobs_.erase(id);
    if (!ids_.empty()) ended_[id] = status.state == JobState::completed;
  }

  // Asks for the present state of what is watched.
  asio::awaitable<Result<void>> refresh() {
    std::vector<std::string> ask = ids_;
    if (ids_.empty()) {
      for (const auto& [id, status] : jobs_) ask.push_back(id);
    }
    for (const std::string& id : ask) {
      if (ended_.contains(id)) continue;
      Result<net::JobStatus> status = co_await api_.job(id);
      if (status) {
        co_await take_status(std::move(*status));
      } else if (status.error().code == Errc::not_found) {
        removed(id);
      } else {
        co_return lasting(status.error());
      }
    }
    if (!ids_.empty()) co_return Result<void>();
    for (const JobState state :
         {JobState::running, JobState::cancelling, JobState::paused, JobState::queued}) {
      const net::JobQuery query{state, kShownAtFirst, {}};  // g++ 12 frees one written in the co_await twice
      Result<net::JobList> page = co_await api_.jobs(query);
      if (!page) co_return lasting(page.error());
      std::reverse(page->jobs.begin(), page->jobs.end());  // the oldest, which is next, first
      for (net::JobStatus& status : page->jobs) co_await take_status(std::move(status));
    }
    co_return Result<void>();
  }

  // A connection that breaks again while the state is fetched breaks the stream too, which comes back by
  // itself.
  Result<void> lasting(const Error& error) {
    if (error.code != Errc::network && error.code != Errc::timeout && error.code != Errc::unavailable)
      return error;
    output_.note(error.detail);
    return {};
  }

  net::ApiClient& api_;
  std::vector<std::string> ids_;  // empty: all
  ProgressOutput output_;
  std::map<std::string, net::JobStatus> jobs_;  // that have not ended, by id
  std::map<std::string, bool> ended_;           // of ids_: whether it was completed
};

}  // namespace

asio::awaitable<int> watch_jobs(net::ApiClient& api, std::vector<std::string> ids, bool as_json,
                                Backoff backoff) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const std::string stream_of = ids.size() == 1 ? ids.front() : std::string();
  Watch watch(api, std::move(ids), as_json);
  EventFeed feed(co_await asio::this_coro::executor, api, stream_of, backoff);
  while (!watch.over()) {
    Result<FeedItem> item = co_await feed.next();
    if (!item) co_return report(item.error());
    const Result<void> taken = co_await watch.take(std::move(*item));
    if (!taken) co_return report(taken.error());
  }
  co_return watch.exit_code();
}

}  // namespace sisyphus::app
