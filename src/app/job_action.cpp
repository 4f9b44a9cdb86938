#include "app/job_action.hpp"

#include "app/client_command.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace sisyphus::app {
namespace {

asio::awaitable<Result<JobState>> act(net::ApiClient& api, std::string* id, net::JobAction action) {
  Result<std::string> found = co_await api.find_job(*id);
  if (!found) co_return found.error();
  *id = std::move(*found);
  co_return co_await api.act(*id, action);
}

}  // namespace

asio::awaitable<int> act_on_jobs(net::ApiClient& api, std::vector<std::string> ids, net::JobAction action,
                                 bool as_json) {
  int code = kExitDone;
  for (std::string& id : ids) {
    const Result<JobState> state = co_await act(api, &id, action);
    if (!state) {
      code = std::max(code, report(state.error(), id));
      if (code == kExitUnreachable) break;
      continue;
    }
    if (as_json) {
      const boost::json::object object{{"job_id", id}, {"state", to_string(*state)}};
      fmt::print("{}\n", boost::json::serialize(object));
    } else {
      fmt::print("{}: {}\n", id, to_string(*state));
    }
    std::fflush(stdout);
  }
  co_return code;
}

}  // namespace sisyphus::app
