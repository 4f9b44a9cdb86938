#include "net/http_client.hpp"

#include "tests/net/scripted_server.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::net {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr auto kPatient = 1h;  // a deadline that is not what the test is about

class HttpClientTest : public testing::Test {
 protected:
  void start(std::vector<std::vector<Step>> script) {
    server_.emplace(loop_, std::move(script));
    client_.emplace(HttpClient::create(loop_.get_executor(), server_->url()).value());
  }
  Result<ClientResponse> request(std::string method, std::string body = {},
                                 std::chrono::milliseconds time = kPatient) {
    return run_until_done(loop_, client_->request(std::move(method), "/queue", std::move(body), time));
  }
  Result<void> stream(std::string last_id, std::function<bool(const ServerEvent&)> on_event,
                      std::chrono::milliseconds silence = kPatient) {
    return run_until_done(loop_,
                          client_->stream("/events", std::move(last_id), silence, std::move(on_event)));
  }

  asio::io_context loop_;
  std::optional<ScriptedServer> server_;
  std::optional<HttpClient> client_;
};

TEST_F(HttpClientTest, SendsWhatAServerNeedsToKnow) {
  start({{{reply_with("{}")}, {reply_with("null", "404 Not Found")}}});
  const ClientResponse posted = request("POST", R"({"a":1})").value();
  EXPECT_EQ(posted.status, 200);
  EXPECT_EQ(posted.content_type, "application/json");
  EXPECT_EQ(posted.body, "{}");
  const ClientResponse absent = request("GET").value();
  EXPECT_EQ(absent.status, 404);
  EXPECT_EQ(absent.body, "null");

  ASSERT_THAT(server_->requests[0], SizeIs(2));
  const std::string& post = server_->requests[0][0];
  EXPECT_THAT(post, StartsWith("POST /queue HTTP/1.1\r\n"));
  EXPECT_THAT(post, HasSubstr("\r\nHost: " + server_->url().substr(7) + "\r\n"));
  EXPECT_THAT(post, HasSubstr("\r\nUser-Agent: sisyphus/" SISYPHUS_VERSION "\r\n"));
  EXPECT_THAT(post, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(post, EndsWith("\r\nContent-Length: 7\r\n\r\n{\"a\":1}"));
  EXPECT_THAT(server_->requests[0][1], Not(HasSubstr("Content-")));
}

TEST_F(HttpClientTest, KeepsItsConnection) {
  start({{{reply_with("1")}, {reply_with("2")}, {reply_with("3")}}});
  EXPECT_EQ(request("GET").value().body, "1");
  EXPECT_EQ(request("POST", "{}").value().body, "2");
  EXPECT_EQ(request("DELETE").value().body, "3");
}

TEST_F(HttpClientTest, OpensAConnectionForEachRequestInFlight) {
  start({{{reply_with("1"), true}}, {{reply_with("2"), true}}});
  int answered = 0;
  const auto count = [&](std::exception_ptr error, const Result<ClientResponse>& response) {
    if (!error && response) ++answered;
  };
  asio::co_spawn(loop_, client_->request("GET", "/a", "", kPatient), count);
  asio::co_spawn(loop_, client_->request("GET", "/b", "", kPatient), count);
  while (answered < 2 && loop_.run_one() != 0) continue;
  EXPECT_THAT(server_->requests, ElementsAre(SizeIs(1), SizeIs(1)));
}

TEST_F(HttpClientTest, ConnectionThatTheServerEndsIsNotKept) {
  start(
      {{{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1", true}}, {{reply_with("2")}}});
  EXPECT_EQ(request("GET").value().body, "1");
  EXPECT_EQ(request("POST", "{}").value().body, "2");
}

TEST_F(HttpClientTest, KeptConnectionThatIsSeenClosedIsNotUsed) {
  start({{{reply_with("1")}}, {{reply_with("2")}}});
  EXPECT_EQ(request("GET").value().body, "1");
  loop_.restart();
  loop_.poll();  // the server closes
  EXPECT_EQ(request("POST", "{}").value().body, "2");
}

TEST_F(HttpClientTest, IdempotentRequestIsSentOnceMoreWhenTheKeptConnectionWasClosed) {
  start({{{reply_with("1")}, {""}}, {{reply_with("2")}}});
  EXPECT_EQ(request("GET").value().body, "1");
  EXPECT_EQ(request("GET").value().body, "2");
  EXPECT_THAT(server_->requests, ElementsAre(SizeIs(2), SizeIs(1)));
}

TEST_F(HttpClientTest, PostIsNeverSentTwice) {
  start({{{reply_with("1")}, {""}}, {{reply_with("2")}}});
  EXPECT_EQ(request("GET").value().body, "1");
  const Result<ClientResponse> lost = request("POST", "{}");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Errc::network);
  EXPECT_THAT(server_->requests, ElementsAre(SizeIs(2), SizeIs(0)));
}

TEST_F(HttpClientTest, FreshConnectionThatIsClosedIsNotTriedAgain) {
  start({{{""}}, {{reply_with("2")}}});
  const Error error = request("GET").error();
  EXPECT_EQ(error.code, Errc::network);
  EXPECT_EQ(error.detail, "no whole reply from " + server_->url() + ": the server closed the connection");
}

TEST_F(HttpClientTest, DeadlineIsATimeoutAndNotACancellation) {
  start({{{"HTTP/1.1 200 OK\r\nContent-Le", true}}});
  const Error error = request("GET", "", 1ms).error();
  EXPECT_EQ(error.code, Errc::timeout);
  EXPECT_THAT(error.detail, EndsWith(server_->url() + ": no answer within 0.001 s"));
}

TEST_F(HttpClientTest, CancellationIsNeitherTimeoutNorNetworkError) {
  start({{{"", true}}});
  asio::cancellation_signal cancel;
  server_->on_request = [&] { cancel.emit(asio::cancellation_type::terminal); };
  std::optional<Result<ClientResponse>> result;
  asio::co_spawn(
      loop_, client_->request("GET", "/queue", "", kPatient),
      asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, Result<ClientResponse> value) {
        result = std::move(value);
      }));
  while (!result && loop_.run_one() != 0) continue;
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().code, Errc::unavailable);
  EXPECT_THAT(result->error().detail, EndsWith(": cancelled"));
}

TEST_F(HttpClientTest, ChunkedReplyIsPutTogether) {
  start({{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"},
          {reply_with("2")}}});
  EXPECT_EQ(request("GET").value().body, "abcde");
  EXPECT_EQ(request("POST", "{}").value().body, "2") << "on the same connection";
}

TEST_F(HttpClientTest, ReplyMayEndWithItsConnection) {
  start({{{"HTTP/1.0 200 OK\r\n\r\nall of it"}}});
  EXPECT_EQ(request("GET").value().body, "all of it");
}

TEST_F(HttpClientTest, ReplyThatIsCutShortIsAnError) {
  start({{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}}});
  EXPECT_EQ(request("GET").error().code, Errc::network);
}

TEST_F(HttpClientTest, MalformedReplyIsAnError) {
  start({{{"SSH-2.0-OpenSSH_9.2\r\n", true}}});
  const Error error = request("GET").error();
  EXPECT_EQ(error.code, Errc::network);
  EXPECT_THAT(error.detail, StartsWith("malformed reply from " + server_->url() + ": "));
}

TEST_F(HttpClientTest, RefusedConnectionNamesTheServer) {
  start({});
  loop_.poll();  // it closes its listener
  const std::string url = client_->base_url();
  const Error error = request("GET").error();
  EXPECT_EQ(error.code, Errc::network);
  EXPECT_EQ(error.detail, "cannot reach " + url + ": Connection refused");
}

TEST_F(HttpClientTest, PrefixGoesBeforeTheTarget) {
  start({{{reply_with("1")}}});
  client_.emplace(HttpClient::create(loop_.get_executor(), server_->url() + "/encoding/").value());
  ASSERT_TRUE(request("GET"));
  EXPECT_THAT(server_->requests[0][0], StartsWith("GET /encoding/queue HTTP/1.1\r\n"));
}

TEST_F(HttpClientTest, TargetThatWouldBreakTheHeadIsRefused) {
  start({});
  for (const char* target : {"queue", "/a b", "/a\r\nX: y", "/\xC3\xA9"}) {
    EXPECT_EQ(run_until_done(loop_, client_->request("GET", target, "", kPatient)).error().code,
              Errc::invalid);
  }
}

constexpr const char* kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(std::string_view text) {
  return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

TEST_F(HttpClientTest, StreamHandsOutEventsUntilItIsTold) {
  start(
      {{{kStreamHead + chunk("id: 1\nevent: state\nda") + chunk("ta: a\n\n: note\n\ndata: b\n\ndata: c\n\n"),
         true}}});
  std::vector<ServerEvent> events;
  const auto take_two = [&](const ServerEvent& event) {
    events.push_back(event);
    return events.size() < 2;
  };
  EXPECT_TRUE(stream("41", take_two));
  EXPECT_THAT(events, ElementsAre(ServerEvent{"1", "state", "a"}, ServerEvent{"1", "message", "b"}));
  EXPECT_THAT(server_->requests[0][0], HasSubstr("\r\nLast-Event-ID: 41\r\n"));
}

TEST_F(HttpClientTest, TextIsReadAsItComesToItsEnd) {
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
  start({{{head + chunk("one\n") + chunk("two\n") + "0\r\n\r\n", true}},
         {{head + chunk("half") + "4\r\nha"}},
         {{reply_with(R"({"detail":"no log"})", "404 Not Found")}}});
  std::string text;
  const auto read = [&] {
    return run_until_done(loop_,
                          client_->read("/log", kPatient, [&text](std::string_view more) { text += more; }));
  };
  EXPECT_TRUE(read());
  EXPECT_EQ(text, "one\ntwo\n");
  EXPECT_EQ(read().error().code, Errc::network);
  EXPECT_EQ(text, "one\ntwo\nhalfha");
  EXPECT_EQ(read().error(), not_found("no log"));
}

TEST_F(HttpClientTest, StreamThatBreaksIsANetworkErrorAfterItsEvents) {
  start({{{kStreamHead + chunk("data: a\n\ndata: b")}}});
  int events = 0;
  const Result<void> broken = stream("", [&](const ServerEvent&) { return ++events > 0; });
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Errc::network);
  EXPECT_EQ(events, 1);
}

TEST_F(HttpClientTest, StreamThatEndsIsANetworkError) {
  start({{{kStreamHead + chunk("data: a\n\n") + "0\r\n\r\n", true}}});
  const Error error = stream("", [](const ServerEvent&) { return true; }).error();
  EXPECT_EQ(error.code, Errc::network);
  EXPECT_EQ(error.detail, server_->url() + " ended the event stream");
}

TEST_F(HttpClientTest, SilentStreamTimesOut) {
  start({{{kStreamHead, true}}});
  EXPECT_EQ(stream(
                "", [](const ServerEvent&) { return true; }, 1ms)
                .error()
                .code,
            Errc::timeout);
}

TEST_F(HttpClientTest, RefusedStreamSaysWhy) {
  start({{{reply_with(R"({"detail":"no job 1","status":404})", "404 Not Found")}},
         {{reply_with("<html>", "502 Bad Gateway", "text/html")}},
         {{reply_with("{}")}}});
  const auto any = [](const ServerEvent&) { return true; };
  EXPECT_EQ(stream("", any).error(), (Error{Errc::invalid, "no job 1", ""}));
  EXPECT_EQ(stream("", any).error(), (Error{Errc::unavailable, "HTTP 502: <html>", ""}));
  EXPECT_THAT(stream("", any).error().detail, HasSubstr("is not an event stream"));
}

}  // namespace
}  // namespace sisyphus::net
