#pragma once

#include "core/errc.hpp"
#include "core/job.hpp"
#include "core/job_document.hpp"
#include "core/shared_text.hpp"

#include <asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

// What the server can be asked. The routes (net/) call these; the queue actor (actors/) answers. All on the
// server's loop. A reply to something that changes state arrives after the change is in the journal.
namespace sisyphus {

struct Submitted {
  JobId id;
  std::vector<std::string> warnings;
};

struct PollRequest {
  std::string worker_id;  // empty: the original client, which does not say
  Offer offer;
  std::size_t max = 1;  // jobs wanted at most
  Millis wait{0};       // how long to wait for the first one
};

struct Grant {
  JobId id;
  SharedText document;
  LeaseToken token;  // none for the original client
  Millis expires_in{0};
  int attempt = 0;
};

// One job as it is shown. The strings are copies: it may outlive the job.
struct JobView {
  JobId id;
  std::string document;
  std::string title;
  std::vector<std::string> modules;
  JobState state = JobState::queued;
  int priority = 0;
  int attempt = 0;
  int max_attempts = 0;
  bool unconfirmed = false;
  std::string worker_id;
  bool anonymous = false;  // runs at the original client, which has no lease
  std::string hostname;
  std::string progress;  // JSON members of what runs ("task":…,"progress":{…}), without braces
  std::optional<WallTime> started_at;
  std::optional<WallTime> finished_at;
  std::string info;  // JSON, empty where there is none
  std::string message;
  std::string waiting_for;
  std::vector<Attempt> attempts;  // oldest first: the last few, with the one that runs
};

struct JobPage {
  std::vector<JobView> jobs;  // newest first
  std::optional<std::string> next_cursor;
};

struct QueueView {
  std::vector<std::string> documents;  // next first
  std::size_t entries = 0;             // all that wait
  bool disabled = false;
};

struct Completion {
  JobId id;
  std::optional<LeaseToken> token;
  std::string worker_id;  // from info.worker_id, for completions without a token
  bool failed = false;
  bool retryable = false;  // the worker says that another attempt may go better
  std::string info;        // JSON
  std::string message;
};

struct HandBack {
  JobId id;
  LeaseToken token;
  std::string reason;
};

struct ProgressReport {
  JobId id;
  LeaseToken token;
  std::string members;  // as JobView::progress
};

// What a heartbeat says of one running job.
struct HeldLease {
  JobId id;
  std::optional<LeaseToken> token;  // none: the original client's
};

enum class Verdict { renewed, adopted, cancel, stop };
struct LeaseVerdict {
  JobId id;
  Verdict verdict = Verdict::stop;
  LeaseToken token;  // the current one, after renewed and adopted
  Millis expires_in{0};
  bool paused = false;  // the job is held: its tool is to stand still
};

struct Heartbeat {
  std::string worker_id;
  std::string hostname;
  std::string body;  // the JSON object as it came
  Offer offer;       // what our worker says of itself; the original's says nothing
  std::vector<HeldLease> jobs;
};

struct WorkerView {
  std::string worker_id;
  std::string hostname;
  std::string body;  // its last heartbeat, a JSON object
  bool disabled = false;
};

// A stream of texts that are ready to be written, each a whole Server-Sent Event or a piece of a log.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // The next one, or null when the stream has ended or `timeout` passed (then ended() tells which).
  // Raising `hangup` ends it.
  virtual asio::awaitable<std::shared_ptr<const std::string>> next(Millis timeout,
                                                                   std::stop_token hangup) = 0;
  virtual bool ended() const = 0;
  // It ended before all was said: whoever reads it must be able to tell.
  virtual bool broken() const { return false; }
};

// Begins to watch the client that asks: the token is raised when it has gone. Costs a read that stays
// pending, so only what is going to wait calls it.
using WatchClient = std::function<std::stop_token()>;

class JobService {
 public:
  virtual ~JobService() = default;

  virtual asio::awaitable<Result<std::vector<Submitted>>> submit(std::vector<JobDocument> jobs) = 0;
  virtual asio::awaitable<Result<std::vector<Grant>>> poll(PollRequest request, WatchClient watch) = 0;
  // A grant whose reply could not be written: queued again, uncounted. Not waited for.
  virtual void undelivered(const std::vector<Grant>& grants) = 0;
  virtual asio::awaitable<std::vector<Result<void>>> complete(std::vector<Completion> completions) = 0;
  virtual asio::awaitable<std::vector<Result<void>>> hand_back(std::vector<HandBack> jobs) = 0;
  virtual asio::awaitable<Result<void>> mark_irreversible(JobId id, LeaseToken token) = 0;
  virtual asio::awaitable<Result<JobState>> cancel(JobId id) = 0;
  virtual asio::awaitable<Result<JobState>> pause(JobId id) = 0;
  virtual asio::awaitable<Result<JobState>> resume(JobId id) = 0;
  virtual asio::awaitable<Result<JobState>> retry(JobId id) = 0;
  virtual asio::awaitable<Result<void>> set_priority(JobId id, int priority) = 0;  // of a waiting job
  virtual asio::awaitable<Result<void>> remove(JobId id) = 0;
  virtual asio::awaitable<Result<void>> clear() = 0;
  virtual asio::awaitable<Result<void>> set_disabled(bool disabled) = 0;
  virtual void report_progress(const std::vector<ProgressReport>& reports) = 0;

  // Views show changes that are on their way to the disk as well. Until those of the job are there, or,
  // without an id, all that were made before the call: then a view can be shown.
  virtual asio::awaitable<void> settled(std::optional<JobId> id) = 0;
  virtual Result<JobView> job(const JobId& id) const = 0;
  // `state` empty: all. `cursor` as a page gave it.
  virtual Result<JobPage> jobs(std::optional<JobState> state, std::size_t limit,
                               std::string_view cursor) const = 0;
  virtual QueueView queue(std::size_t limit) const = 0;
};

class WorkerService {
 public:
  virtual ~WorkerService() = default;

  virtual asio::awaitable<Result<std::vector<LeaseVerdict>>> heartbeat(Heartbeat beat) = 0;
  virtual std::vector<WorkerView> workers() const = 0;
  virtual Result<WorkerView> worker(const std::string& id) const = 0;
  virtual asio::awaitable<Result<void>> set_worker_disabled(std::string id, bool disabled) = 0;
  virtual Result<void> forget_worker(const std::string& id) = 0;
  // Tells the worker to finish what it has and end. Errc::conflict when it holds no control stream open.
  virtual Result<void> drain_worker(const std::string& id) = 0;
  virtual std::unique_ptr<EventStream> control(const std::string& worker_id) = 0;
};

class DataService {
 public:
  virtual ~DataService() = default;

  virtual asio::awaitable<Result<void>> put(std::string module, std::string name, std::string document) = 0;
  virtual asio::awaitable<Result<void>> erase(std::string module, std::string name) = 0;
  virtual Result<std::string> get(const std::string& module, const std::string& name) const = 0;
};

// What the tools of a running job said, as its worker sends it.
struct LogPiece {
  std::string stream;       // which the server asked for
  std::uint64_t place = 0;  // in all that they said in this attempt, bytes
  std::string text;
};

class LogService {
 public:
  virtual ~LogService() = default;
  // The last `lines` of what the job's tools said, and with `follow` what they say until it ends; then the
  // job may wait, too. Errc::conflict when it has no log to be had now, Errc::timeout when its worker does
  // not answer.
  virtual asio::awaitable<Result<std::unique_ptr<EventStream>>> read_log(JobView job, std::size_t lines,
                                                                         bool follow) = 0;
  // Errc::not_found when nobody reads that stream: the worker need not send more.
  virtual Result<void> add_log(const JobId& id, LogPiece piece) = 0;
};

class EventService {
 public:
  virtual ~EventService() = default;
  // All events, or those of one job. `last_event_id` empty: from now on.
  virtual std::unique_ptr<EventStream> subscribe(std::optional<JobId> job,
                                                 std::string_view last_event_id) = 0;
};

// What `GET /status/…` tells.
struct ServerStatus {
  std::string data_dir;
  std::string fsync;
  std::string version;
  std::chrono::seconds uptime{0};
  bool healthy = true;
  std::string trouble;  // why not, when it is not
};

class StatusService {
 public:
  virtual ~StatusService() = default;
  virtual ServerStatus status() const = 0;
};

// Says what is wrong with a POST /queue body as far as it can be told without files and tools. Each has its
// pointer.
class ValidationService {
 public:
  virtual ~ValidationService() = default;
  virtual std::vector<Error> check(std::string_view body) const = 0;
};

struct Services {
  JobService& jobs;
  WorkerService& workers;
  DataService& data;
  EventService& events;
  StatusService& status;
  ValidationService& validation;
  LogService& logs;
};

}  // namespace sisyphus
