#include "net/sse_parser.hpp"

#include <gtest/gtest.h>

namespace sisyphus::net {
namespace {

using Events = std::vector<ServerEvent>;

Events parse(std::string_view bytes) {
  return SseParser().feed(bytes).value();
}

TEST(SseParser, EventEndsAtTheEmptyLine) {
  EXPECT_EQ(parse("event: state\nid: 7\ndata: {}\n\n"), (Events{{"7", "state", "{}"}}));
  EXPECT_EQ(parse("data: never finished\n"), Events{});
}

TEST(SseParser, TypeIsMessageWhenNoneIsGiven) {
  EXPECT_EQ(parse("data: x\n\n"), (Events{{"", "message", "x"}}));
}

TEST(SseParser, EveryKindOfLineEndIsTheSame) {
  const Events expected{{"1", "a", "x"}, {"2", "message", "y"}};
  EXPECT_EQ(parse("id: 1\nevent: a\ndata: x\n\nid: 2\ndata: y\n\n"), expected);
  EXPECT_EQ(parse("id: 1\revent: a\rdata: x\r\rid: 2\rdata: y\r\r"), expected);
  EXPECT_EQ(parse("id: 1\r\nevent: a\r\ndata: x\r\n\r\nid: 2\r\ndata: y\r\n\r\n"), expected);
}

TEST(SseParser, PiecesMayBeCutAnywhere) {
  const std::string_view stream =
      "\xEF\xBB\xBFid: 1\r\nevent: a\r\ndata: x\r\ndata: y\r\n\r\n: note\r\n\r\ndata: z\r\n\r\n";
  const Events whole = parse(stream);
  ASSERT_EQ(whole, (Events{{"1", "a", "x\ny"}, {"1", "message", "z"}}));
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    SseParser parser;
    Events events = parser.feed(stream.substr(0, cut)).value();
    for (ServerEvent& event : parser.feed(stream.substr(cut)).value()) events.push_back(std::move(event));
    EXPECT_EQ(events, whole) << "cut at " << cut;
  }
}

TEST(SseParser, DataLinesAreJoinedByLineFeeds) {
  EXPECT_EQ(parse("data: a\ndata\ndata:  b\n\n"), (Events{{"", "message", "a\n\n b"}}));
}

TEST(SseParser, CommentsUnknownFieldsAndEmptyEventsAreNoEvents) {
  EXPECT_EQ(parse(": keep-alive\n\nretry: 10\nfoo: bar\n\nevent: lost\n\n"), Events{});
  EXPECT_EQ(parse("event: lost\n\ndata: x\n\n"), (Events{{"", "message", "x"}}))
      << "the type does not carry over";
}

TEST(SseParser, LastIdStaysUntilTheNext) {
  EXPECT_EQ(parse("id: 3\n\ndata: x\n\nid\ndata: y\n\n"),
            (Events{{"3", "message", "x"}, {"", "message", "y"}}));
  using namespace std::string_view_literals;
  EXPECT_EQ(parse("id: 3\nid: 4\0\ndata: x\n\n"sv), (Events{{"3", "message", "x"}}))
      << "an id with NUL is no id";
}

TEST(SseParser, EndlessEventIsAnError) {
  SseParser parser;
  const std::string line = "data: " + std::string(1U << 20U, 'x') + "\n";
  Result<Events> last = Events{};
  for (int i = 0; i < 17 && last; ++i) last = parser.feed(line);
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, Errc::too_large);
}

}  // namespace
}  // namespace sisyphus::net
