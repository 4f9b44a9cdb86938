#include "net/http_codec.hpp"

#include "core/clock.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/url/params_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/segments_view.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <optional>

namespace sisyphus::net {
namespace {

namespace http = boost::beast::http;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

// RFC 9110, 5.6.7; the same text for all replies of a second.
const std::string& date_now() {
  thread_local std::time_t cached_at = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != cached_at) {
    cached_at = now;
    text = fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(now));
  }
  return text;
}

}  // namespace

const std::string* HttpRequest::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

struct RequestParser::Impl {
  explicit Impl(HttpLimits the_limits) : limits(the_limits) { reset(); }

  void reset() {
    parser.emplace();
    parser->header_limit(static_cast<std::uint32_t>(limits.header));
    parser->body_limit(limits.body);
    parser->eager(true);
    used = false;
  }

  HttpLimits limits;
  std::optional<http::request_parser<http::string_body>> parser;
  bool used = false;
  int status = 400;
  std::string reason;
};

RequestParser::RequestParser(HttpLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

std::size_t RequestParser::feed(std::string_view bytes, State& state) {
  state = State::more;
  impl_->used = impl_->used || !bytes.empty();
  boost::system::error_code code;
  const std::size_t taken = impl_->parser->put(boost::asio::buffer(bytes.data(), bytes.size()), code);
  if (code == http::error::need_more) code = {};
  if (!code && !impl_->parser->is_header_done() && bytes.size() - taken > impl_->limits.header) {
    code = http::error::header_limit;
  }
  if (code) {
    state = State::failed;
    const bool header = code == http::error::header_limit;
    const bool body = code == http::error::body_limit;
    impl_->status = header ? 431 : body ? 413 : 400;
    impl_->reason = header ? fmt::format("the request's header is larger than {} bytes", impl_->limits.header)
                    : body ? fmt::format("the request's body is larger than {} bytes", impl_->limits.body)
                           : "not an HTTP/1.1 request: " + code.message();
    return taken;
  }
  if (impl_->parser->is_done()) state = State::complete;
  return taken;
}

bool RequestParser::started() const {
  return impl_->used;
}

bool RequestParser::wants_continue() const {
  if (!impl_->parser->is_header_done() || impl_->parser->is_done()) return false;
  return boost::beast::iequals(impl_->parser->get()[http::field::expect], "100-continue");
}

HttpRequest RequestParser::take() {
  auto message = impl_->parser->release();
  HttpRequest request;
  request.method = view(message.method_string());
  request.keep_alive = message.keep_alive();
  request.last_event_id = view(message["Last-Event-ID"]);
  request.origin = view(message[http::field::origin]);
  request.body = std::move(message.body());
  request.target = view(message.target());
  if (const auto target = boost::urls::parse_origin_form(message.target()); target.has_value()) {
    for (const auto& segment : target->segments()) request.segments.emplace_back(segment);
    for (const auto& parameter : target->params()) {
      request.query.emplace_back(std::string(parameter.key), std::string(parameter.value));
    }
  }
  impl_->reset();
  return request;
}

int RequestParser::status() const {
  return impl_->status;
}
const std::string& RequestParser::reason() const {
  return impl_->reason;
}

const char* reason_phrase(int status) {
  return http::obsolete_reason(static_cast<http::status>(status)).data();
}

std::string response_head(const HttpResponse& response, bool keep_alive, std::string_view allow_origin) {
  std::string head;
  head.reserve(320);
  head.append("HTTP/1.1 ").append(fmt::format_int(response.status).c_str()).append(1, ' ');
  head.append(reason_phrase(response.status)).append("\r\nServer: sisyphus\r\nDate: ").append(date_now());
  if (response.stream) {
    head += "\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked";
  } else if (response.status != 204 && response.status != 304) {
    head.append("\r\nContent-Type: ").append(response.content_type);
    head.append("\r\nContent-Length: ").append(fmt::format_int(response.body.size()).c_str());
  }
  if (!allow_origin.empty()) {
    head.append("\r\nAccess-Control-Allow-Origin: ").append(allow_origin);
    if (allow_origin != "*") head += "\r\nVary: Origin";
  }
  for (const auto& [name, value] : response.headers) head.append("\r\n").append(name).append(": ").append(value);
  if (!keep_alive) head += "\r\nConnection: close";
  head += "\r\n\r\n";
  return head;
}

}  // namespace sisyphus::net
