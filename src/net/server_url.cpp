#include "net/server_url.hpp"

#include <boost/url.hpp>
#include <fmt/format.h>

namespace sisyphus::net {

Result<ServerUrl> parse_server_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed) {
    return invalid(fmt::format("\"{}\" is not a URL; write it as http://HOST:PORT", text));
  }
  const boost::urls::url_view url = *parsed;
  if (url.scheme() == "https") {
    return invalid(
        fmt::format("{}: TLS is not supported yet; put a reverse proxy in front, or use http:// on a "
                    "trusted network",
                    text));
  }
  // Boost.URL 1.81 takes the letters after a port for a path.
  const bool bad_path = !url.encoded_path().empty() && !url.encoded_path().starts_with('/');
  if (url.scheme() != "http" || url.host().empty() || bad_path) {
    return invalid(fmt::format("\"{}\" is not the URL of a server; write it as http://HOST:PORT", text));
  }
  if (url.has_userinfo() || url.has_query() || url.has_fragment()) {
    return invalid(fmt::format("{}: a server's URL has no user name, query or fragment", text));
  }
  if (url.has_port() && !url.port().empty() && url.port_number() == 0) {
    return invalid(fmt::format("{}: the port must be between 1 and 65535", text));
  }

  ServerUrl result;
  result.host = url.host_address();
  if (url.port_number() != 0) result.port = url.port_number();
  result.authority = std::string(url.encoded_host());
  if (result.port != 80) result.authority += fmt::format(":{}", result.port);
  result.prefix = std::string(url.encoded_path());
  while (result.prefix.ends_with('/')) result.prefix.pop_back();
  result.text = fmt::format("http://{}{}", result.authority, result.prefix);
  return result;
}

}  // namespace sisyphus::net
