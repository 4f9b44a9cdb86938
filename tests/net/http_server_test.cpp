#include "net/http_server.hpp"

#include "core/asio_tokens.hpp"
#include "tests/actors/loop_fixture.hpp"
#include "tests/support/no_services.hpp"

#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <stdexcept>

namespace sisyphus::net {
namespace {

using actors::Started;
using asio::ip::tcp;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// What the routes below did; one test runs at a time.
struct Seen {
  int parked = 0;
  int hung_up = 0;
  int undelivered = 0;
  asio::steady_timer* release = nullptr;  // parked requests wait for its end
};
Seen seen;

asio::awaitable<HttpResponse> echo(const RouteContext&, HttpRequest& request) {
  HttpResponse response;
  response.body = request.method + " " + request.target->text + " " + request.body;
  co_return response;
}

asio::awaitable<HttpResponse> park(const RouteContext&, HttpRequest& request) {
  ++seen.parked;
  {
    const std::stop_callback on_hangup(request.watch(), [] {
      ++seen.hung_up;
      seen.release->cancel();
    });
    co_await seen.release->async_wait(kTuple);
  }
  HttpResponse response;
  response.body = "parked";
  response.undelivered = [] { ++seen.undelivered; };
  co_return response;
}

class QuietStream final : public EventStream {
 public:
  asio::awaitable<std::shared_ptr<const std::string>> next(Millis, std::stop_token) override {
    ++calls_;
    if (calls_ == 2) co_return std::make_shared<const std::string>("data: x\n\n");
    co_return nullptr;
  }
  bool ended() const override { return calls_ > 2; }

 private:
  int calls_ = 0;
};

class BrokenStream final : public EventStream {
 public:
  asio::awaitable<std::shared_ptr<const std::string>> next(Millis, std::stop_token) override {
    if (std::exchange(told_, true)) co_return nullptr;
    co_return std::make_shared<const std::string>("half");
  }
  bool ended() const override { return told_; }
  bool broken() const override { return true; }

 private:
  bool told_ = false;
};

asio::awaitable<HttpResponse> events(const RouteContext&, HttpRequest&) {
  co_return event_stream(std::make_unique<QuietStream>());
}

asio::awaitable<HttpResponse> text(const RouteContext&, HttpRequest&) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.stream = std::make_unique<QuietStream>();
  co_return response;
}

asio::awaitable<HttpResponse> broken(const RouteContext&, HttpRequest&) {
  HttpResponse response;
  response.stream = std::make_unique<BrokenStream>();
  co_return response;
}

// More than the buffers of a connection hold.
asio::awaitable<HttpResponse> large(const RouteContext&, HttpRequest&) {
  HttpResponse response;
  response.body.assign(64U << 20, 'x');
  response.undelivered = [] { ++seen.undelivered; };
  co_return response;
}

asio::awaitable<HttpResponse> thrower(const RouteContext&, HttpRequest&) {
  throw std::runtime_error("a fault of the handler");
}

constexpr std::array<Route, 8> kRoutes{{{"GET", "/echo", echo},
                                        {"POST", "/echo", echo},
                                        {"GET", "/park", park},
                                        {"GET", "/events", events},
                                        {"GET", "/text", text},
                                        {"GET", "/broken", broken},
                                        {"GET", "/large", large},
                                        {"GET", "/throw", thrower}}};

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    seen = {};
    seen.release = &release_;
    settings_.port = 0;
    settings_.limits = {512, 1024};
  }
  ~HttpServerTest() override {
    if (server_) stop();
  }

  void start() {
    server_ = std::make_unique<HttpServer>(loop_.get_executor(), settings_, router_);
    ASSERT_TRUE(server_->listen());
    server_->start();
  }
  asio::awaitable<bool> stopped() {
    co_await server_->stop(Millis(60'000));
    co_return true;
  }
  void stop() {
    Started(loop_, stopped()).get();
    server_.reset();
  }

  tcp::socket connected(std::string_view text = "") {
    tcp::socket socket(loop_);
    socket.connect({asio::ip::address_v4::loopback(), server_->port()});
    asio::write(socket, asio::buffer(text));
    return socket;
  }
  static asio::awaitable<std::string> rest_of(tcp::socket& socket) {
    std::string text;
    co_await asio::async_read(socket, asio::dynamic_buffer(text), kTuple);
    co_return text;
  }
  static asio::awaitable<std::string> text_until(tcp::socket& socket, std::string end) {
    std::string text;
    co_await asio::async_read_until(socket, asio::dynamic_buffer(text), end, kTuple);
    co_return text;
  }
  // All that comes before the server closes.
  std::string rest(tcp::socket& socket) { return Started(loop_, rest_of(socket)).get(); }
  std::string until(tcp::socket& socket, std::string end) {
    return Started(loop_, text_until(socket, std::move(end))).get();
  }
  std::string answer(std::string_view text) {
    tcp::socket socket = connected(text);
    return rest(socket);
  }
  void turn_until(const std::function<bool()>& condition) {
    while (!condition()) loop_.run_one();
  }

  asio::io_context loop_;
  asio::steady_timer release_{loop_, SteadyTime::max()};
  SystemClock clock_;
  NoServices none_;
  Router router_{{{none_, none_, none_, none_, none_, none_, none_}, clock_}, kRoutes};
  ServerSettings settings_;
  std::unique_ptr<HttpServer> server_;
};

constexpr std::string_view kPark = "GET /park?wait=60 HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kLast = "GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n";

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    requests += fmt::format("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{:02}", i);
  }
  const std::string all = answer(requests + std::string(kLast));
  std::size_t at = 0;
  for (int i = 0; i < 20; ++i) {
    at = all.find(fmt::format("POST /echo {:02}", i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_TRUE(all.ends_with("GET /echo "));
}

TEST_F(HttpServerTest, ClientThatClosedItsOwnDirectionGetsAllReplies) {
  start();
  tcp::socket socket = connected(
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"
      "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
  socket.shutdown(tcp::socket::shutdown_send);
  const std::string all = rest(socket);
  EXPECT_THAT(all, HasSubstr("POST /echo ab"));
  EXPECT_TRUE(all.ends_with("GET /echo ")) << all;
}

TEST_F(HttpServerTest, WhoCannotWaitMayCloseItsOwnDirectionAndHasTheReply) {
  start();
  tcp::socket socket = connected("GET /park HTTP/1.1\r\nHost: h\r\n\r\n");
  turn_until([] { return seen.parked == 1; });
  socket.shutdown(tcp::socket::shutdown_send);
  EXPECT_TRUE(rest(socket).ends_with("parked"));
  EXPECT_EQ(seen.undelivered, 0);
}

TEST_F(HttpServerTest, LargeBodyComesInPiecesAndWhole) {
  settings_.limits.body = 1U << 20;
  start();
  std::string body;
  for (int i = 0; body.size() < 300'000; ++i) body += fmt::format("{} ", i);
  tcp::socket socket = connected();
  const std::string request = fmt::format(
      "POST /echo HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
  asio::async_write(socket, asio::buffer(request),
                    [](std::error_code error, std::size_t) { EXPECT_FALSE(error); });
  EXPECT_TRUE(rest(socket).ends_with("POST /echo " + body));
}

TEST_F(HttpServerTest, FaultOfAHandlerClosesItsConnectionAndNoOther) {
  start();
  tcp::socket other = connected("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
  until(other, "GET /echo ");
  EXPECT_EQ(answer("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n"), "");
  asio::write(other, asio::buffer(kLast));
  EXPECT_TRUE(rest(other).ends_with("GET /echo "));
}

TEST_F(HttpServerTest, LineOfAChunkThatDoesNotEndIsRefused) {
  start();
  const std::string chunked = "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(answer(chunked + "5;" + std::string(2000, 'a')), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(answer(chunked + "0\r\nX: " + std::string(2000, 'a')), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, HeadHasTheHeaderOfGetAndNoBody) {
  start();
  const std::string all = answer("HEAD /echo HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(all, HasSubstr("Content-Length: 11\r\n"));
  EXPECT_TRUE(all.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, HeadOfAStreamHasNoBody) {
  start();
  const std::string all = answer("HEAD /events HTTP/1.1\r\n\r\n");
  EXPECT_THAT(all, HasSubstr("text/event-stream"));
  EXPECT_TRUE(all.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, StreamOfTextHoldsNothingElse) {
  start();
  const std::string all = answer("GET /text HTTP/1.1\r\n\r\n");
  EXPECT_THAT(all, HasSubstr("text/plain"));
  EXPECT_TRUE(all.ends_with("\r\n\r\n9\r\ndata: x\n\n\r\n0\r\n\r\n")) << all;
}

TEST_F(HttpServerTest, StreamThatBreaksOffIsAnIncompleteMessage) {
  start();
  const std::string all = answer("GET /broken HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(all.ends_with("\r\n\r\n4\r\nhalf\r\n")) << all;
}

TEST_F(HttpServerTest, QuietStreamIsKeptAliveByComments) {
  start();
  const std::string all = answer("GET /events HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(all.ends_with("\r\n\r\ne\r\n: still here\n\n\r\n9\r\ndata: x\n\n\r\n0\r\n\r\n")) << all;
}

TEST_F(HttpServerTest, LimitsAreAnsweredAndTheConnectionCloses) {
  start();
  EXPECT_THAT(answer("GET / HTTP/1.1\r\nX: " + std::string(600, 'x')), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(answer("POST /echo HTTP/1.1\r\nContent-Length: 1025\r\n\r\n" + std::string(1025, 'x')),
              StartsWith("HTTP/1.1 413 "));
  const std::string bad = answer("nonsense\r\n\r\n");
  EXPECT_THAT(bad, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(bad, HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpServerTest, ContinueIsSentToAClientThatWaitsForIt) {
  start();
  tcp::socket socket = connected(
      "POST /echo HTTP/1.1\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(until(socket, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  asio::write(socket, asio::buffer("ab", 2));
  EXPECT_TRUE(rest(socket).ends_with("POST /echo ab"));
}

TEST_F(HttpServerTest, IdleConnectionIsClosedWithoutAWord) {
  settings_.idle = Millis(1);
  start();
  EXPECT_EQ(answer(""), "");
}

TEST_F(HttpServerTest, HalfARequestIs408) {
  settings_.receive = Millis(1);
  start();
  EXPECT_THAT(answer("GET /echo HT"), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, ConnectionOverTheLimitIs503) {
  settings_.max_connections = 1;
  start();
  tcp::socket first = connected("GET /echo HTTP/1.1\r\n\r\n");
  until(first, "GET /echo ");
  const std::string refused = answer("");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refused, HasSubstr("all 1 connections are taken"));
  first.close();
  turn_until([&] { return server_->connections() == 0; });
  EXPECT_THAT(answer(kLast), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ClientThatDoesNotReadIsCutOffAndTheReplyIsUndelivered) {
  settings_.send = Millis(50);
  start();
  tcp::socket socket = connected("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  turn_until([] { return seen.undelivered == 1; });
}

TEST_F(HttpServerTest, HangupUnparksAndTheReplyIsUndelivered) {
  start();
  tcp::socket socket = connected(kPark);
  turn_until([] { return seen.parked == 1; });
  EXPECT_EQ(seen.hung_up, 0);
  socket.close();
  turn_until([] { return seen.undelivered == 1; });
  EXPECT_EQ(seen.hung_up, 1);
}

TEST_F(HttpServerTest, HangupBehindAPipelinedRequestIsNoticed) {
  start();
  tcp::socket socket = connected(kPark);
  turn_until([] { return seen.parked == 1; });
  asio::write(socket, asio::buffer(kLast));
  actors::settle(loop_);
  socket.shutdown(tcp::socket::shutdown_send);
  turn_until([] { return seen.undelivered == 1; });
  EXPECT_EQ(seen.hung_up, 1);
}

TEST_F(HttpServerTest, RequestThatCameWhileOneWasParkedIsAnsweredNext) {
  start();
  tcp::socket socket = connected(kPark);
  turn_until([] { return seen.parked == 1; });
  asio::write(socket, asio::buffer(kLast.substr(0, 10)));
  actors::settle(loop_);
  release_.cancel();
  until(socket, "parked");
  asio::write(socket, asio::buffer(kLast.substr(10)));
  EXPECT_TRUE(rest(socket).ends_with("GET /echo "));
  EXPECT_EQ(seen.undelivered, 0);
}

TEST_F(HttpServerTest, StopAnswersWhatIsParkedAndItCountsAsDelivered) {
  start();
  tcp::socket parked = connected(kPark);
  tcp::socket idle = connected("GET /echo HTTP/1.1\r\n\r\n");
  until(idle, "GET /echo ");
  turn_until([] { return seen.parked == 1; });
  stop();
  const std::string reply = rest(parked);
  EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(reply.ends_with("parked"));
  EXPECT_EQ(rest(idle), "");
  EXPECT_EQ(seen.undelivered, 0);
}

TEST_F(HttpServerTest, AddressInUseIsNamed) {
  start();
  ServerSettings same = settings_;
  same.port = server_->port();
  HttpServer second(loop_.get_executor(), same, router_);
  const auto listening = second.listen();
  ASSERT_FALSE(listening);
  EXPECT_THAT(listening.error().detail,
              StartsWith(fmt::format("cannot listen on 127.0.0.1:{}: ", same.port)));
}

}  // namespace
}  // namespace sisyphus::net
