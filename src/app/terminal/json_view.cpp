#include "app/terminal/progress_view.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <map>

namespace sisyphus::app {
namespace {

namespace json = boost::json;

class JsonView final : public ProgressView {
 public:
  std::string update(const JobShown& job, SteadyTime) override {
    const auto [at, is_new] = last_.try_emplace(job.id, job);
    if (!is_new && at->second == job) return {};
    const bool state = is_new || at->second.state != job.state || at->second.message != job.message;
    at->second = job;
    if (is_terminal(job.state)) last_.erase(at);

    json::object object{{"event", state ? "state" : "progress"},
                        {"job_id", job.id},
                        {"job_title", job.title},
                        {"state", to_string(job.state)}};
    if (!job.task.empty()) {
      object["task"] = job.task;
      object["task_index"] = job.task_index;
      object["task_count"] = job.task_count;
      object["progress"] = to_json(job.progress);
      if (job.job_percent) object["job_percent"] = *job.job_percent;
      if (job.job_eta_s) object["job_eta_s"] = *job.job_eta_s;
    }
    if (!job.hostname.empty()) object["hostname"] = job.hostname;
    if (!job.message.empty()) object["message"] = job.message;
    if (!job.outputs.empty()) object["outputs"] = json::value_from(job.outputs);
    return json::serialize(object) + "\n";
  }

  std::string forget(const std::string& id, SteadyTime) override {
    if (last_.erase(id) == 0) return {};
    return json::serialize(json::object{{"event", "removed"}, {"job_id", id}}) + "\n";
  }

  std::string note(std::string_view text, SteadyTime) override {
    return json::serialize(
               json::object{{"event", "note"}, {"text", json::string_view(text.data(), text.size())}}) +
           "\n";
  }

  std::string close() override { return {}; }
  void resize(const Screen&) override {}

 private:
  std::map<std::string, JobShown> last_;  // by job id
};

}  // namespace

std::unique_ptr<ProgressView> make_json_view() {
  return std::make_unique<JsonView>();
}

}  // namespace sisyphus::app
