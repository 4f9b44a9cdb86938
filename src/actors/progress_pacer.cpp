#include "actors/progress_pacer.hpp"

namespace sisyphus::actors {

bool ProgressPacer::tell_now(const JobId& id, const std::string& progress, SteadyTime now) {
  forget_old(now);
  const auto [at, fresh] = jobs_.try_emplace(id);
  Job& job = at->second;
  if (!fresh && now < job.told_at + kInterval) {
    if (!job.kept) ++kept_;
    job.kept = progress;
    return false;
  }
  if (job.kept) --kept_;  // older than this
  job = {now, std::nullopt};
  line_.emplace_back(now, id);
  return true;
}

// Those that were told long enough ago and have nothing new, up to the first that has.
void ProgressPacer::forget_old(SteadyTime now) {
  for (; !line_.empty() && line_.front().first + kInterval <= now; line_.pop_front()) {
    const auto found = jobs_.find(line_.front().second);
    if (found == jobs_.end() || found->second.told_at != line_.front().first) continue;
    if (found->second.kept) return;
    jobs_.erase(found);
  }
}

std::vector<ProgressPacer::Told> ProgressPacer::due(SteadyTime now) {
  std::vector<Told> told;
  while (!line_.empty() && line_.front().first + kInterval <= now) {
    const auto [told_at, id] = line_.front();
    line_.pop_front();
    const auto found = jobs_.find(id);
    if (found == jobs_.end() || found->second.told_at != told_at) continue;
    if (!found->second.kept) {
      jobs_.erase(found);
      continue;
    }
    told.emplace_back(id, std::move(*found->second.kept));
    found->second = {now, std::nullopt};
    line_.emplace_back(now, id);
    --kept_;
  }
  return told;
}

std::optional<SteadyTime> ProgressPacer::next_due() const {
  if (kept_ == 0) return std::nullopt;
  return line_.front().first + kInterval;
}

std::optional<std::string> ProgressPacer::take(const JobId& id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return std::nullopt;
  std::optional<std::string> kept = std::move(found->second.kept);
  if (kept) --kept_;
  jobs_.erase(found);
  return kept;
}

}  // namespace sisyphus::actors
