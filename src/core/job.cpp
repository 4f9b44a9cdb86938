#include "core/job.hpp"

#include <algorithm>
#include <array>

namespace sisyphus {
namespace {

constexpr std::array<std::pair<JobState, const char*>, 7> kStateNames{{{JobState::queued, "queued"},
                                                                       {JobState::running, "running"},
                                                                       {JobState::cancelling, "cancelling"},
                                                                       {JobState::paused, "paused"},
                                                                       {JobState::completed, "completed"},
                                                                       {JobState::failed, "failed"},
                                                                       {JobState::cancelled, "cancelled"}}};

}  // namespace

const char* to_string(JobState state) {
  return kStateNames[static_cast<std::size_t>(state)].second;
}

const char* to_string(Attempt::End end) {
  switch (end) {
    case Attempt::End::running:
      return "running";
    case Attempt::End::completed:
      return "completed";
    case Attempt::End::failed:
      return "failed";
    case Attempt::End::lost:
      return "lost";
    case Attempt::End::cancelled:
      return "cancelled";
    case Attempt::End::handed_back:
      return "handed_back";
  }
  return "lost";
}

std::optional<JobState> parse_job_state(std::string_view text) {
  for (const auto& [state, name] : kStateNames) {
    if (text == name) return state;
  }
  return std::nullopt;
}

bool fits(const Requirements& wanted, const Offer& offer) {
  const auto has = [](const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  const auto offered = [&](const std::string& module) {
    return !offer.modules || has(*offer.modules, module);
  };
  const auto labelled = [&](const std::string& label) { return has(offer.labels, label); };
  const auto enough = [&](const auto& resource) {
    const auto free = offer.resources.find(resource.first);
    return free != offer.resources.end() && free->second >= resource.second;
  };
  return std::all_of(wanted.modules.begin(), wanted.modules.end(), offered) &&
         std::all_of(wanted.labels.begin(), wanted.labels.end(), labelled) &&
         std::all_of(wanted.resources.begin(), wanted.resources.end(), enough);
}

}  // namespace sisyphus
