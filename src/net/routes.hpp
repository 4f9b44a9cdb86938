#pragma once

#include "net/router.hpp"

#include <span>

namespace sisyphus::net {

std::span<const Route> routes();  // the whole table: docs/api.md

// The handlers, by the file that they are in.
#define SISYPHUS_HANDLER(name) \
  asio::awaitable<HttpResponse> name(const RouteContext& context, HttpRequest& request)

// routes_queue.cpp
SISYPHUS_HANDLER(post_queue);
SISYPHUS_HANDLER(get_queue);
SISYPHUS_HANDLER(patch_queue);
SISYPHUS_HANDLER(delete_queue);
SISYPHUS_HANDLER(get_queue_poll);
// routes_jobs.cpp
SISYPHUS_HANDLER(get_jobs);
SISYPHUS_HANDLER(get_job);
SISYPHUS_HANDLER(patch_job);
SISYPHUS_HANDLER(delete_job);
SISYPHUS_HANDLER(post_job_cancel);
SISYPHUS_HANDLER(post_job_pause);
SISYPHUS_HANDLER(post_job_resume);
SISYPHUS_HANDLER(post_job_retry);
SISYPHUS_HANDLER(get_job_events);
SISYPHUS_HANDLER(get_events);
// routes_log.cpp
SISYPHUS_HANDLER(get_job_log);
SISYPHUS_HANDLER(post_job_log);
// routes_completion.cpp
SISYPHUS_HANDLER(patch_job_completed);
SISYPHUS_HANDLER(post_jobs_completed);
SISYPHUS_HANDLER(post_job_irreversible);
SISYPHUS_HANDLER(post_worker_hand_back);
// routes_workers.cpp
SISYPHUS_HANDLER(get_workers);
SISYPHUS_HANDLER(get_worker);
SISYPHUS_HANDLER(post_worker);
SISYPHUS_HANDLER(patch_worker);
SISYPHUS_HANDLER(delete_worker);
SISYPHUS_HANDLER(post_worker_drain);
SISYPHUS_HANDLER(post_worker_progress);
SISYPHUS_HANDLER(get_worker_control);
// routes_modules.cpp
SISYPHUS_HANDLER(get_modules);
SISYPHUS_HANDLER(get_module_schema);
SISYPHUS_HANDLER(post_jobs_validate);
// routes_data.cpp
SISYPHUS_HANDLER(get_data);
SISYPHUS_HANDLER(post_data);
SISYPHUS_HANDLER(delete_data);
// routes_status.cpp
SISYPHUS_HANDLER(get_status_config);
SISYPHUS_HANDLER(get_status_health);

#undef SISYPHUS_HANDLER

}  // namespace sisyphus::net
