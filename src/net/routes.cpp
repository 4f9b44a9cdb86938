#include "net/routes.hpp"

namespace sisyphus::net {

std::span<const Route> routes() {
  static const Route kRoutes[] = {
      {"POST", "/queue", post_queue},
      {"GET", "/queue", get_queue},
      {"PATCH", "/queue", patch_queue},
      {"DELETE", "/queue", delete_queue},
      {"GET", "/queue/poll", get_queue_poll, false},
      {"GET", "/jobs", get_jobs},
      {"POST", "/jobs/completed", post_jobs_completed},
      {"POST", "/jobs/validate", post_jobs_validate},
      {"GET", "/jobs/*", get_job},
      {"PATCH", "/jobs/*", patch_job},
      {"DELETE", "/jobs/*", delete_job},
      {"PATCH", "/jobs/*/completed", patch_job_completed},
      {"POST", "/jobs/*/irreversible", post_job_irreversible},
      {"POST", "/jobs/*/cancel", post_job_cancel},
      {"POST", "/jobs/*/pause", post_job_pause},
      {"POST", "/jobs/*/resume", post_job_resume},
      {"POST", "/jobs/*/retry", post_job_retry},
      {"GET", "/jobs/*/log", get_job_log},
      {"POST", "/jobs/*/log", post_job_log},
      {"GET", "/jobs/*/events", get_job_events},
      {"GET", "/events", get_events},
      {"GET", "/workers", get_workers},
      {"GET", "/workers/*", get_worker},
      {"POST", "/workers/*", post_worker},
      {"PATCH", "/workers/*", patch_worker},
      {"DELETE", "/workers/*", delete_worker},
      {"POST", "/workers/*/drain", post_worker_drain},
      {"POST", "/workers/*/progress", post_worker_progress},
      {"POST", "/workers/*/hand-back", post_worker_hand_back},
      {"GET", "/workers/*/control", get_worker_control},
      {"GET", "/modules", get_modules},
      {"GET", "/modules/*/schema", get_module_schema},
      {"GET", "/data/*/*", get_data},
      {"POST", "/data/*/*", post_data},
      {"DELETE", "/data/*/*", delete_data},
      {"GET", "/status/config", get_status_config},
      {"GET", "/status/health", get_status_health},
  };
  return kRoutes;
}

}  // namespace sisyphus::net
