#include "queue/kept_job.hpp"

#include <utility>

namespace sisyphus::queue {
namespace {

Kept everything(const Job& job) {
  Kept record;
  record.order = job.order;
  record.state = job.state;
  record.token = job.token;
  record.attempt = job.attempt;
  record.held = job.held;
  record.irreversible = job.irreversible;
  record.backing_off = job.backing_off;
  record.given_up = job.given_up;
  record.not_before = job.not_before;
  if (job.message) record.message = *job.message;
  if (job.past) record.past = *job.past;
  if (job.avoid) record.avoid = job.avoid->kept();
  if (job.run) {
    record.worker_id = job.run->worker_id;
    record.anonymous = job.run->anonymous;
    record.started_at = job.run->started_at;
  }
  if (job.outcome) {
    record.worker_id = job.outcome->worker_id;
    record.started_at = job.outcome->started_at;
    record.ended_at = job.outcome->at;
    record.unconfirmed = job.outcome->unconfirmed;
    record.lost = job.outcome->lost;
    record.text = job.outcome->text;
  }
  return record;
}

}  // namespace

std::optional<Kept> kept(const Job& job, const JobFacts& facts) {
  Kept record = everything(job);
  Kept untouched;
  untouched.order = job.order;
  if (facts.not_before) untouched.not_before = facts.not_before->time_since_epoch().count();
  if (record == untouched) return std::nullopt;
  return record;
}

void restore(Job& job, const Kept& record) {
  job.token = record.token;
  job.attempt = record.attempt;
  job.held = record.held;
  job.irreversible = record.irreversible;
  job.backing_off = record.backing_off;
  job.given_up = record.given_up;
  job.not_before = record.not_before;
  if (!record.message.empty()) job.message = std::make_unique<std::string>(record.message);
  if (!record.past.empty()) job.past = std::make_unique<std::vector<Attempt>>(record.past);
  if (!record.avoid.empty()) job.avoid = std::make_unique<Avoidance>(record.avoid);
  if (job.granted()) {
    job.run = std::make_unique<Run>(Run{record.worker_id, record.anonymous, record.started_at, {}});
  }
  if (is_terminal(job.state)) {
    job.outcome = std::make_unique<Outcome>(Outcome{record.ended_at, record.unconfirmed, record.lost,
                                                    record.worker_id, record.text, record.started_at});
  }
}

}  // namespace sisyphus::queue
