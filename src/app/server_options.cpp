#include "app/server_options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sisyphus::app {
namespace {

constexpr double kSecondsADay = 86'400;

Millis millis(double seconds) {
  return Millis(static_cast<std::int64_t>(seconds * 1000));
}

}  // namespace

void add_server_flags(CLI::App& app, ServerFlags& flags) {
  app.add_option("--listen", flags.listen, "Address and port to listen on; port 0 takes a free one")
      ->envname("SISYPHUS_LISTEN")
      ->type_name("HOST:PORT");
  app.add_option("--data-dir", flags.data_dir, "Folder of the journal; made when it is not there")
      ->envname("SISYPHUS_DATA_DIR")
      ->type_name("DIR");
  app.add_option(
         "--fsync", flags.fsync,
         "When a change is on disk: always (before it is acknowledged), interval (within a second), never "
         "(when the system likes)")
      ->envname("SISYPHUS_FSYNC")
      ->check(CLI::IsMember({"always", "interval", "never"}));
  app.add_option("--lease", flags.lease_s, "Seconds without a heartbeat after which a job is queued again")
      ->envname("SISYPHUS_LEASE")
      ->check(CLI::Range(1.0, 86400.0));
  app.add_option("--backoff", flags.backoff_s,
                 "Seconds before a job's second attempt; doubled for each further one, up to 10 minutes")
      ->envname("SISYPHUS_BACKOFF")
      ->check(CLI::Range(0.05, 600.0));
  app.add_option(
         "--reserve-after", flags.reserve_after_s,
         "Seconds that a job is passed over, as too much else runs where it fits, before a worker keeps free "
         "what it needs")
      ->envname("SISYPHUS_RESERVE_AFTER")
      ->check(CLI::Range(0.0, 31'536'000.0));
  app.add_option("--ageing", flags.ageing_min,
                 "Minutes of waiting that count as much as one more of priority; 0: none do")
      ->envname("SISYPHUS_AGEING")
      ->check(CLI::Range(0.0, 525'600.0));
  app.add_option("--client-expiry", flags.client_expiry_s,
                 "Seconds without a heartbeat after which a worker counts as gone")
      ->envname("CLIENT_EXPIRY")
      ->check(CLI::Range(1.0, 86400.0));
  app.add_option("--history", flags.history, "Finished jobs that stay readable")->envname("SISYPHUS_HISTORY");
  app.add_option("--history-days", flags.history_days,
                 "Days that a finished job stays readable; 0 for no end")
      ->envname("SISYPHUS_HISTORY_DAYS")
      ->check(CLI::Range(0.0, 36500.0));
  app.add_option("--max-body", flags.max_body_mib, "Largest request body, MiB")
      ->envname("SISYPHUS_MAX_BODY")
      ->check(CLI::Range(1, 1024));
  app.add_option("--max-connections", flags.max_connections, "Connections at once; more are refused with 503")
      ->envname("SISYPHUS_MAX_CONNECTIONS")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--idle", flags.idle_s, "Seconds after which an idle connection is closed")
      ->envname("SISYPHUS_IDLE")
      ->check(CLI::Range(1.0, 86400.0));
  app.add_option("--segment", flags.segment_mib, "Size of a journal file, MiB")
      ->envname("SISYPHUS_SEGMENT")
      ->check(CLI::Range(1, 1024));
  app.add_option("--allow-origin", flags.allow_origin,
                 "Access-Control-Allow-Origin of every reply, for pages from elsewhere; empty for none")
      ->envname("SISYPHUS_ALLOW_ORIGIN");
}

Result<actors::ServerOptions> options_of(const ServerFlags& flags) {
  actors::ServerOptions options;
  const std::size_t colon = flags.listen.rfind(':');
  const std::string_view port =
      std::string_view(flags.listen).substr(std::min(colon, flags.listen.size() - 1) + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.http.port);
  if (colon == std::string::npos || port.empty() || error != std::errc() ||
      end != port.data() + port.size()) {
    return invalid(
        fmt::format("--listen must be HOST:PORT, such as 127.0.0.1:5000; found \"{}\"", flags.listen));
  }
  options.http.host = flags.listen.substr(0, colon);
  if (options.http.host.starts_with('[') && options.http.host.ends_with(']')) {  // an IPv6 address
    options.http.host = options.http.host.substr(1, options.http.host.size() - 2);
  }
  if (flags.allow_origin.find_first_of("\r\n") != std::string::npos) {
    return invalid("--allow-origin must be one line");
  }
  options.http.limits.body = flags.max_body_mib << 20;
  options.http.max_connections = flags.max_connections;
  options.http.idle = millis(flags.idle_s);
  options.http.allow_origin = flags.allow_origin;
  options.queue.data_dir = flags.data_dir;
  options.queue.fsync = flags.fsync == "always"     ? queue::Fsync::always
                        : flags.fsync == "interval" ? queue::Fsync::interval
                                                    : queue::Fsync::never;
  options.queue.policy.lease = millis(flags.lease_s);
  options.queue.policy.backoff_base = millis(flags.backoff_s);
  options.queue.policy.history = flags.history;
  options.queue.policy.history_age = millis(flags.history_days * kSecondsADay);
  options.queue.policy.reserve_after = millis(flags.reserve_after_s);
  options.queue.policy.ageing = millis(flags.ageing_min * 60);
  options.queue.worker_expiry = millis(flags.client_expiry_s);
  // The largest submission must fit into one segment beside what is kept free.
  options.queue.segment_size = std::max<std::uint64_t>(flags.segment_mib << 20, 2 * options.http.limits.body);
  return options;
}

}  // namespace sisyphus::app
