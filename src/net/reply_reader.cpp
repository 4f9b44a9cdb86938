#include "net/reply_reader.hpp"

#include <asio/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <utility>

namespace sisyphus::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kReadBytes = 16U << 10U;
constexpr std::uint64_t kMaxBodyBytes = 64U << 20U;
constexpr std::uint32_t kMaxHeaderBytes = 64U << 10U;

}  // namespace

struct ReplyReader::Impl {
  explicit Impl(ClientConnection& c) : connection(c) {
    parser.eager(true);
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(kMaxBodyBytes);
  }

  std::error_code parse() {
    while (buffer.size() != 0 && !parser.is_done()) {
      boost::system::error_code bad;
      const std::size_t used = parser.put(buffer.data(), bad);
      buffer.consume(used);
      if (bad == http::error::need_more || (!bad && used == 0)) break;
      if (bad) {
        malformed = bad.message();
        return std::make_error_code(std::errc::bad_message);
      }
    }
    return {};
  }

  ClientConnection& connection;
  http::response_parser<http::string_body> parser;
  boost::beast::flat_buffer buffer;
  std::string malformed;
  bool heard = false;
};

ReplyReader::ReplyReader(ClientConnection& connection) : impl_(std::make_unique<Impl>(connection)) {}
ReplyReader::~ReplyReader() = default;

asio::awaitable<std::error_code> ReplyReader::more() {
  const auto room = impl_->buffer.prepare(kReadBytes);
  const Transfer transfer = co_await impl_->connection.read(asio::buffer(room.data(), room.size()));
  if (transfer.error == asio::error::eof && impl_->heard) {
    boost::system::error_code cut_short;
    impl_->parser.put_eof(cut_short);
    co_return cut_short ? transfer.error : std::error_code();
  }
  if (transfer.error) co_return transfer.error;
  impl_->heard = true;
  impl_->buffer.commit(transfer.bytes);
  co_return impl_->parse();
}

bool ReplyReader::heard() const {
  return impl_->heard;
}
bool ReplyReader::header_done() const {
  return impl_->parser.is_header_done();
}
bool ReplyReader::done() const {
  return impl_->parser.is_done();
}
bool ReplyReader::reusable() const {
  return impl_->parser.keep_alive() && impl_->buffer.size() == 0;
}
const std::string& ReplyReader::malformed() const {
  return impl_->malformed;
}

int ReplyReader::status() const {
  return static_cast<int>(impl_->parser.get().result_int());
}
std::string ReplyReader::content_type() const {
  return std::string(impl_->parser.get()[http::field::content_type]);
}
std::string ReplyReader::take_body() {
  return std::exchange(impl_->parser.get().body(), {});
}
void ReplyReader::lift_body_limit() {
  impl_->parser.body_limit(boost::none);
}

}  // namespace sisyphus::net
