#include "app/open_files_limit.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/resource.h>

namespace sisyphus::app {
namespace {

// Beside the connections: the journal, a compaction, the history, and one connection that is told that all
// are taken. About 20 at most.
constexpr rlim_t kBeside = 64;

}  // namespace

void raise_open_files_limit(std::size_t connections) {
  const rlim_t needed = connections + kBeside;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    spdlog::warn("open_files_limit_unknown error=\"{}\"", std::generic_category().message(errno));
    return;
  }
  const rlim_t before = limit.rlim_cur;
  if (before >= needed) return;
  limit.rlim_cur = std::min(needed, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    spdlog::warn("open_files_limit_not_raised limit={} needed={} error=\"{}\"", before, needed,
                 std::generic_category().message(errno));
    return;
  }
  if (limit.rlim_cur != before) spdlog::info("open_files_limit_raised from={} to={}", before, limit.rlim_cur);
  if (limit.rlim_cur < needed) {
    spdlog::warn(
        "open_files_limit_too_low limit={0} needed={1}: there is room for about {2} connections, not for the "
        "{3} "
        "of --max-connections. Raise the hard limit to {1} (LimitNOFILE={1} in a systemd unit)",
        limit.rlim_cur, needed, limit.rlim_cur - std::min(limit.rlim_cur, kBeside), connections);
  }
}

}  // namespace sisyphus::app
