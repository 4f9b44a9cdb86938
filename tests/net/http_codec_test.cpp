#include "net/http_codec.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace sisyphus::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::StartsWith;
using State = RequestParser::State;

HttpLimits small() {
  return {256, 64};
}

struct Taken : HttpRequest {
  std::shared_ptr<const Target> held;
};

Taken take(RequestParser& parser) {
  Taken taken;
  static_cast<HttpRequest&>(taken) = parser.request();
  taken.held = std::make_shared<const Target>(*taken.target);
  taken.target = taken.held.get();
  parser.next();
  return taken;
}

std::string head_of(const HttpResponse& response, bool keep_alive, std::string_view allow_origin) {
  std::string head;
  append_head(response, keep_alive, allow_origin, head);
  return head;
}

Taken parsed(std::string_view text) {
  RequestParser parser{HttpLimits{}};
  State state = State::more;
  const std::size_t taken = parser.feed(text, state);
  EXPECT_EQ(state, State::complete) << text << ": " << parser.reason();
  EXPECT_EQ(taken, text.size());
  return state == State::complete ? take(parser) : Taken{};
}

Taken get(std::string_view target) {
  return parsed(fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", target));
}

int refused(std::string_view text, HttpLimits limits = small()) {
  RequestParser parser(limits);
  State state = State::more;
  std::string rest(text);
  // As a connection feeds it: what was not used is given again with more behind it.
  for (std::size_t given = 0; given <= text.size() && state == State::more; given += 16) {
    std::string_view piece = std::string_view(rest).substr(0, std::min(rest.size(), given));
    const std::size_t used = parser.feed(piece, state);
    rest.erase(0, used);
    given -= std::min(given, used);
    if (rest.empty()) break;
  }
  if (state == State::more && !rest.empty()) parser.feed(rest, state);
  EXPECT_EQ(state, State::failed) << text;
  return state == State::failed ? parser.status() : 0;
}

constexpr std::string_view kPost =
    "POST /jobs/x/completed?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view kChunked =
    "POST /queue HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n";

TEST(RequestParser, TakesOneByteAtATime) {
  for (const std::string_view text : {kPost, kChunked}) {
    RequestParser parser{HttpLimits{}};
    EXPECT_FALSE(parser.started());
    std::string waiting;
    State state = State::more;
    for (std::size_t i = 0; i < text.size(); ++i) {
      ASSERT_EQ(state, State::more) << i;
      waiting += text[i];
      waiting.erase(0, parser.feed(waiting, state));
      EXPECT_TRUE(parser.started());
    }
    ASSERT_EQ(state, State::complete);
    EXPECT_EQ(waiting, "");
    EXPECT_EQ(take(parser).body, text == kPost ? "hello" : "abc0123456789");
    EXPECT_FALSE(parser.started());
  }
}

TEST(RequestParser, LeavesThePipelinedRequestsForLater) {
  std::string waiting = fmt::format("{}{}GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b", kPost, kChunked);
  RequestParser parser{HttpLimits{}};
  std::vector<std::string> targets;
  for (int i = 0; i < 3; ++i) {
    State state = State::more;
    waiting.erase(0, parser.feed(waiting, state));
    ASSERT_EQ(state, State::complete) << i;
    targets.push_back(take(parser).target->text);
  }
  EXPECT_THAT(targets, ElementsAre("/jobs/x/completed?a=1", "/queue", "/a"));
  EXPECT_EQ(waiting, "GET /b");
}

TEST(RequestParser, RequestThatIsReadIntoUsedMemoryHoldsNothingOfTheLastOne) {
  RequestParser parser{HttpLimits{}};
  const HttpRequest& request = parser.request();
  const auto read = [&](std::string_view text) {
    parser.next();
    State state = State::more;
    parser.feed(text, state);
    EXPECT_EQ(state, State::complete);
  };
  read("POST /data/a/b?x=1 HTTP/1.1\r\nLast-Event-ID: 7\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab");
  read("POST /queue HTTP/1.1\r\nContent-Length: 1\r\n\r\nc");
  read("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.body, "");
  EXPECT_EQ(request.last_event_id, "");
  EXPECT_TRUE(request.keep_alive);
  EXPECT_EQ(request.parameter("x"), nullptr);
}

TEST(RequestParser, MemoryOfALargeBodyIsNotKept) {
  RequestParser parser{HttpLimits{}};
  for (const std::size_t size : {std::size_t{1} << 20, std::size_t{2}}) {
    parser.next();
    State state = State::more;
    parser.feed(fmt::format("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{}", size, std::string(size, 'x')),
                state);
    ASSERT_EQ(state, State::complete);
  }
  EXPECT_LT(parser.request().body.capacity(), std::size_t{1} << 16);
}

TEST(RecentTargets, TargetThatIsAskedForAgainIsNotReadAgain) {
  RecentTargets targets;
  const std::string* const max = targets.read("/queue/poll?max=1").parameter("max");
  EXPECT_EQ(*max, "1");
  for (const char* const other : {"/jobs/1", "/jobs/2", "/jobs/33"})
    EXPECT_EQ(targets.read(other).text, other);
  EXPECT_EQ(targets.read("/queue/poll?max=1").parameter("max"), max);
  EXPECT_EQ(*targets.read("/queue/poll?max=2").parameter("max"), "2") << "of the same length";
  EXPECT_EQ(*targets.read("/queue/poll?max=1").parameter("max"), "1");
}

TEST(RequestParser, PathAndQueryAreDecoded) {
  const Taken request = get("/data/ff%20mpeg/a%2Fb%3F?x=1%262&y=a+b&z&%C3%A9=%e6%bc%a2");
  EXPECT_THAT(request.target->segments, ElementsAre("data", "ff mpeg", "a/b?"));
  EXPECT_THAT(request.target->query,
              ElementsAre(Pair("x", "1&2"), Pair("y", "a b"), Pair("z", ""), Pair("é", "漢")));
  EXPECT_EQ(*request.parameter("x"), "1&2");
  EXPECT_EQ(request.parameter("none"), nullptr);
}

TEST(RequestParser, TargetsThatAreNoPathHaveNoSegments) {
  EXPECT_THAT(get("/").target->segments, IsEmpty());
  EXPECT_THAT(parsed("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").target->segments, IsEmpty());
  EXPECT_THAT(get("/jobs/%zz").target->segments, IsEmpty());
}

TEST(RequestParser, MethodAndHeadersThatMatterAreKept) {
  const Taken request = parsed("HEAD /events HTTP/1.1\r\nHost: h\r\nLast-Event-ID: 3-9\r\n\r\n");
  EXPECT_EQ(request.method, "HEAD");
  EXPECT_EQ(request.last_event_id, "3-9");
}

TEST(RequestParser, ConnectionStaysByTheRulesOfItsVersion) {
  const auto stays = [](std::string_view version, std::string_view field) {
    return parsed(fmt::format("GET / HTTP/{}\r\nHost: h\r\n{}\r\n", version, field)).keep_alive;
  };
  EXPECT_TRUE(stays("1.1", ""));
  EXPECT_FALSE(stays("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(stays("1.1", "connection: Close, x\r\n"));
  EXPECT_FALSE(stays("1.0", ""));
  EXPECT_TRUE(stays("1.0", "Connection: keep-alive\r\n"));
}

TEST(RequestParser, HeaderOverTheLimitIs431) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nX: " + std::string(400, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(refused("GET /" + std::string(400, 'x')), 431);
}

TEST(RequestParser, BodyOverTheLimitIs413) {
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nContent-Length: 65\r\n\r\n"), 413);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n" + std::string(65, 'x')),
            413);
}

TEST(RequestParser, BodyOfExactlyTheLimitIsTaken) {
  RequestParser parser(small());
  State state = State::more;
  parser.feed("POST / HTTP/1.1\r\nContent-Length: 64\r\n\r\n" + std::string(64, 'x'), state);
  EXPECT_EQ(state, State::complete);
}

TEST(RequestParser, WhatIsNotARequestIs400) {
  for (const char* const text : {"\x16\x03\x01 not http\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
                                 "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\n X: folded\r\n\r\n",
                                 "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                                 "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                                 "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                                 "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
    EXPECT_EQ(refused(text), 400) << text;
  }
}

TEST(RequestParser, ExpectIsAnsweredOnlyWhileTheBodyIsMissing) {
  RequestParser parser{HttpLimits{}};
  State state = State::more;
  parser.feed("POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n", state);
  EXPECT_EQ(state, State::more);
  EXPECT_TRUE(parser.wants_continue());
  parser.feed("ab", state);
  EXPECT_EQ(state, State::complete);
  EXPECT_FALSE(parser.wants_continue());
  EXPECT_EQ(take(parser).body, "ab");
  EXPECT_FALSE(parser.wants_continue());
}

TEST(ResponseHead, SaysLengthTypeAndOrigin) {
  HttpResponse response;
  response.body = "{}";
  response.headers.emplace_back("Allow", "GET");
  const std::string head = head_of(response, true, "*");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Type: application/json\r\nContent-Length: 2\r\n"));
  EXPECT_THAT(head, HasSubstr("Access-Control-Allow-Origin: *\r\n"));
  EXPECT_THAT(head, HasSubstr("Allow: GET\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Connection")));
  EXPECT_THAT(head, Not(HasSubstr("Vary")));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST(ResponseHead, NoContentHasNoLengthAndCloseIsSaid) {
  HttpResponse response;
  response.status = 204;
  const std::string head = head_of(response, false, "");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-")));
  EXPECT_THAT(head, Not(HasSubstr("Access-Control")));
  EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
}

TEST(ResponseHead, OneOriginVaries) {
  EXPECT_THAT(head_of({}, true, "https://ui"),
              HasSubstr("Access-Control-Allow-Origin: https://ui\r\nVary: Origin\r\n"));
}

}  // namespace
}  // namespace sisyphus::net
