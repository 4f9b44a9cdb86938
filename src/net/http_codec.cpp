#include "net/http_codec.hpp"

#include "core/reuse.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <vector>

namespace sisyphus::net {
namespace {

namespace http = boost::beast::http;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

// What all replies of one kind begin with, the same for a second (the date: RFC 9110, 5.6.7).
struct Beginning {
  int status;
  std::string_view content_type;  // empty: of a reply without a body
  std::string text;
};

std::string render_beginning(int status, std::string_view content_type, std::time_t now) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nServer: sisyphus\r\nDate: {:%a, %d %b %Y %H:%M:%S GMT}",
                                 status, reason_phrase(status), fmt::gmtime(now));
  if (!content_type.empty()) text.append("\r\nContent-Type: ").append(content_type);
  return text;
}

const std::string& beginning(int status, std::string_view content_type) {
  thread_local std::time_t cached_at = 0;
  thread_local std::vector<Beginning> cached;
  const std::time_t now = std::time(nullptr);
  if (now != cached_at) cached.clear();
  cached_at = now;
  for (const Beginning& one : cached) {
    if (one.status == status && one.content_type == content_type) return one.text;
  }
  return cached.emplace_back(Beginning{status, content_type, render_beginning(status, content_type, now)})
      .text;
}

// Of the present request.
struct Parsed {
  HttpRequest request;
  std::string target;
  bool used = false;
  bool expects_continue = false;
};

// Beast parses; what it finds goes straight into the request, and the fields that nobody asks for go nowhere.
class BeastParser final : public http::basic_parser<true> {
 public:
  BeastParser(HttpLimits limits, Parsed& parsed) : parsed_(parsed) {
    header_limit(static_cast<std::uint32_t>(limits.header));
    body_limit(limits.body);
    eager(true);
  }

 private:
  using Text = boost::beast::string_view;
  using Code = boost::system::error_code;

  void on_request_impl(http::verb, Text method, Text what, int, Code&) override {
    parsed_.request.method = view(method);
    parsed_.target = view(what);
  }
  void on_response_impl(int, Text, int, Code&) override {}
  void on_field_impl(http::field field, Text name, Text value, Code&) override {
    if (field == http::field::expect) {
      parsed_.expects_continue = boost::beast::iequals(value, "100-continue");
    } else if (field == http::field::unknown && boost::beast::iequals(name, "Last-Event-ID")) {
      parsed_.request.last_event_id = view(value);
    }
  }
  void on_header_impl(Code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Code&) override {
    if (length) parsed_.request.body.reserve(static_cast<std::size_t>(*length));
  }
  std::size_t on_body_impl(Text part, Code&) override {
    parsed_.request.body.append(part.data(), part.size());
    return part.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text part, Code& code) override {
    return on_body_impl(part, code);
  }
  void on_finish_impl(Code&) override {}

  Parsed& parsed_;
};

}  // namespace

struct RequestParser::Impl {
  explicit Impl(HttpLimits limits) { begin(limits); }
  void begin(HttpLimits limits) { beast.emplace(limits, parsed); }  // one parser parses one message

  Parsed parsed;
  std::optional<BeastParser> beast;
};

void HttpRequest::clear() {
  constexpr std::size_t kKeep = 16U << 10;
  method.clear();
  target = nullptr;
  clear_for_reuse(body, kKeep);
  last_event_id.clear();
  keep_alive = true;
  open_segments.clear();
}

RequestParser::RequestParser(HttpLimits limits) : limits_(limits), impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(std::string_view bytes, State& state) {
  state = State::more;
  impl_->parsed.used = impl_->parsed.used || !bytes.empty();
  boost::system::error_code code;
  const std::size_t taken = impl_->beast->put(boost::asio::buffer(bytes.data(), bytes.size()), code);
  if (code == http::error::need_more) code = {};
  // Of the body nothing is left: what is, is a line that does not end, of the header, a chunk or a trailer.
  if (!code && !impl_->beast->is_done() && bytes.size() - taken > limits_.header) {
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
  if (impl_->beast->is_done()) {
    state = State::complete;
    impl_->parsed.request.target = &targets_.read(impl_->parsed.target);
    impl_->parsed.request.keep_alive = impl_->beast->keep_alive();
  }
  return taken;
}

bool RequestParser::started() const {
  return impl_->parsed.used;
}

bool RequestParser::wants_continue() const {
  return impl_->parsed.expects_continue && impl_->beast->is_header_done() && !impl_->beast->is_done();
}

HttpRequest& RequestParser::request() {
  return impl_->parsed.request;
}

void RequestParser::next() {
  impl_->parsed.request.clear();
  impl_->parsed.used = impl_->parsed.expects_continue = false;
  impl_->begin(limits_);
}

const char* reason_phrase(int status) {
  return http::obsolete_reason(static_cast<http::status>(status)).data();
}

void append_head(const HttpResponse& response, bool keep_alive, std::string_view allow_origin,
                 std::string& out) {
  const bool has_body = response.stream || (response.status != 204 && response.status != 304);
  out += beginning(response.status, has_body ? response.content_type : std::string_view());
  if (response.stream) {
    out += "\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked";
  } else if (has_body) {
    out.append("\r\nContent-Length: ").append(fmt::format_int(response.body.size()).c_str());
  }
  if (!allow_origin.empty()) {
    out.append("\r\nAccess-Control-Allow-Origin: ").append(allow_origin);
    if (allow_origin != "*") out += "\r\nVary: Origin";
  }
  for (const auto& [name, value] : response.headers)
    out.append("\r\n").append(name).append(": ").append(value);
  if (!keep_alive) out += "\r\nConnection: close";
  out += "\r\n\r\n";
}

}  // namespace sisyphus::net
