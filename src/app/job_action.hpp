#pragma once

#include "net/api_client.hpp"

#include <asio/awaitable.hpp>

#include <string>
#include <vector>

namespace sisyphus::app {

// Does it to each job (its id, or the beginning of it) and prints the new states. One that cannot be changed
// does not keep the others from it; the exit code is the worst one.
asio::awaitable<int> act_on_jobs(net::ApiClient& api, std::vector<std::string> ids, net::JobAction action,
                                 bool as_json);

}  // namespace sisyphus::app
