#pragma once

#include "app/event_feed.hpp"

#include <asio/awaitable.hpp>

#include <string>
#include <vector>

namespace sisyphus::net {
class ApiClient;
}

namespace sisyphus::app {

// Shows the jobs `ids` until all have ended, or every job for good where it is empty. Returns the exit code:
// kExitJobFailed where one failed, was cancelled or removed. `api` outlives the loop's run.
asio::awaitable<int> watch_jobs(net::ApiClient& api, std::vector<std::string> ids, bool as_json,
                                Backoff backoff = {});

}  // namespace sisyphus::app
