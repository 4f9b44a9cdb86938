#pragma once

#include "core/errc.hpp"
#include "net/http_client.hpp"
#include "net/job_status.hpp"

#include <asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sisyphus::net {

struct SubmitReply {
  std::vector<std::string> ids;  // one for each job of the document, in its order
  std::vector<std::string> warnings;
};

struct JobQuery {
  std::optional<JobState> state;  // none: all
  std::size_t limit = 100;        // jobs on the page, 1..1000
  std::string cursor;             // of the page before; empty: the first
};

struct JobList {
  std::vector<JobStatus> jobs;  // newest first
  std::string next_cursor;      // empty: this was the last page
};

struct QueueState {
  std::size_t entries = 0;  // jobs that wait
  bool disabled = false;
};

enum class JobAction { cancel, pause, resume, retry };
const char* to_string(JobAction action);

// The calls of docs/api.md that commands make. A reply of 400 or more is an Error as problem_reply.hpp says;
// one that is not what the API promises is Errc::network. Lives on one loop; outlives its calls.
class ApiClient {
 public:
  explicit ApiClient(HttpClient http, std::chrono::milliseconds deadline = std::chrono::seconds(30));

  const std::string& base_url() const { return http_.base_url(); }

  asio::awaitable<Result<SubmitReply>> submit(std::string document);  // a job or an array of jobs, JSON
  asio::awaitable<Result<JobList>> jobs(JobQuery query);
  // The newest `limit` of them, over as many pages as that takes.
  asio::awaitable<Result<std::vector<JobStatus>>> newest_jobs(std::optional<JobState> state,
                                                              std::size_t limit);
  asio::awaitable<Result<JobStatus>> job(std::string id);
  // The id that begins with `prefix`. Errc::not_found without one, Errc::invalid where several do.
  asio::awaitable<Result<std::string>> find_job(std::string prefix);
  asio::awaitable<Result<JobState>> act(std::string id, JobAction action);
  struct LogQuery {
    std::optional<std::size_t> lines;  // the last of them; none: all that is at hand
    bool follow = false;               // until the job ends
  };
  asio::awaitable<Result<void>> log(std::string id, LogQuery query,
                                    std::function<void(std::string_view)> on_text);
  asio::awaitable<Result<void>> set_priority(std::string id, int priority);

  asio::awaitable<Result<boost::json::array>> workers();
  asio::awaitable<Result<void>> drain_worker(std::string id);

  asio::awaitable<Result<QueueState>> queue();
  asio::awaitable<Result<void>> set_queue_disabled(bool disabled);
  asio::awaitable<Result<void>> clear_queue();

  asio::awaitable<Result<std::string>> data(std::string module, std::string name);  // the document's text
  asio::awaitable<Result<void>> put_data(std::string module, std::string name, std::string document);
  asio::awaitable<Result<void>> remove_data(std::string module, std::string name);

  // Events of one job (`id`) or of all (empty), as HttpClient::stream.
  asio::awaitable<Result<void>> events(std::string id, std::string last_event_id,
                                       std::function<void()> on_open,
                                       std::function<bool(const ServerEvent&)> on_event);

 private:
  asio::awaitable<Result<std::string>> call(std::string method, std::string target, std::string body = {});
  asio::awaitable<Result<boost::json::object>> call_for_object(std::string method, std::string target,
                                                               std::string body = {});
  Error unexpected(const std::string& target) const;

  HttpClient http_;
  std::chrono::milliseconds deadline_;
};

}  // namespace sisyphus::net
