#include "net/http_codec.hpp"

#include "core/clock.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

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

// Beast parses; what it finds goes straight into the request, and the fields that nobody asks for go nowhere.
struct RequestParser::Impl final : http::basic_parser<true> {
  explicit Impl(HttpLimits limits) {
    header_limit(static_cast<std::uint32_t>(limits.header));
    body_limit(limits.body);
    eager(true);
  }

  HttpRequest request;
  std::string target;
  bool used = false;
  bool expects_continue = false;

 private:
  using Text = boost::beast::string_view;
  using Code = boost::system::error_code;

  void on_request_impl(http::verb, Text method, Text what, int, Code&) override {
    request.method = view(method);
    target = view(what);
  }
  void on_response_impl(int, Text, int, Code&) override {}
  void on_field_impl(http::field field, Text name, Text value, Code&) override {
    if (field == http::field::expect) {
      expects_continue = boost::beast::iequals(value, "100-continue");
    } else if (field == http::field::unknown && boost::beast::iequals(name, "Last-Event-ID")) {
      request.last_event_id = view(value);
    }
  }
  void on_header_impl(Code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Code&) override {
    if (length) request.body.reserve(static_cast<std::size_t>(*length));
  }
  std::size_t on_body_impl(Text part, Code&) override {
    request.body.append(part.data(), part.size());
    return part.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text part, Code& code) override {
    return on_body_impl(part, code);
  }
  void on_finish_impl(Code&) override {}
};

RequestParser::RequestParser(HttpLimits limits) : limits_(limits), impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(std::string_view bytes, State& state) {
  state = State::more;
  impl_->used = impl_->used || !bytes.empty();
  boost::system::error_code code;
  const std::size_t taken = impl_->put(boost::asio::buffer(bytes.data(), bytes.size()), code);
  if (code == http::error::need_more) code = {};
  if (!code && !impl_->is_header_done() && bytes.size() - taken > limits_.header) {
    code = http::error::header_limit;
  }
  if (code) {
    state = State::failed;
    const bool header = code == http::error::header_limit;
    const bool body = code == http::error::body_limit;
    status_ = header ? 431 : body ? 413 : 400;
    reason_ = header ? fmt::format("the request's header is larger than {} bytes", limits_.header)
              : body ? fmt::format("the request's body is larger than {} bytes", limits_.body)
                     : "not an HTTP/1.1 request: " + code.message();
    return taken;
  }
  if (impl_->is_done()) state = State::complete;
  return taken;
}

bool RequestParser::started() const {
  return impl_->used;
}

bool RequestParser::wants_continue() const {
  return impl_->expects_continue && impl_->is_header_done() && !impl_->is_done();
}

HttpRequest RequestParser::take() {
  HttpRequest request = std::move(impl_->request);
  request.target = targets_.read(impl_->target);
  request.keep_alive = impl_->keep_alive();
  impl_ = std::make_unique<Impl>(limits_);
  return request;
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
    head.append("\r\nContent-Type: ").append(response.content_type);
    head += "\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked";
  } else if (response.status != 204 && response.status != 304) {
    head.append("\r\nContent-Type: ").append(response.content_type);
    head.append("\r\nContent-Length: ").append(fmt::format_int(response.body.size()).c_str());
  }
  if (!allow_origin.empty()) {
    head.append("\r\nAccess-Control-Allow-Origin: ").append(allow_origin);
    if (allow_origin != "*") head += "\r\nVary: Origin";
  }
  for (const auto& [name, value] : response.headers)
    head.append("\r\n").append(name).append(": ").append(value);
  if (!keep_alive) head += "\r\nConnection: close";
  head += "\r\n\r\n";
  return head;
}

}  // namespace sisyphus::net
