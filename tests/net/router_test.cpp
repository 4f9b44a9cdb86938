#include "net/router.hpp"

#include "tests/net/scripted_server.hpp"
#include "tests/support/no_services.hpp"

#include <gmock/gmock.h>

#include <array>

namespace sisyphus::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

HttpResponse named(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

asio::awaitable<HttpResponse> list(const RouteContext&, HttpRequest&) {
  co_return named("list");
}
asio::awaitable<HttpResponse> add(const RouteContext&, HttpRequest&) {
  co_return named("add");
}
asio::awaitable<HttpResponse> fixed(const RouteContext&, HttpRequest&) {
  co_return named("fixed");
}
asio::awaitable<HttpResponse> open(const RouteContext&, HttpRequest& request) {
  std::string text;
  for (std::size_t i = 0; i < request.open_segments.size(); ++i) text += "<" + request.param(i) + ">";
  co_return named(text);
}

constexpr std::array<Route, 6> kRoutes{{{"GET", "/jobs", list},
                                        {"POST", "/jobs", add},
                                        {"POST", "/jobs/completed", fixed},
                                        {"GET", "/jobs/*", open},
                                        {"DELETE", "/jobs/*", open},
                                        {"GET", "/data/*/*", open}}};

HttpResponse ask(std::string method, std::vector<std::string> segments) {
  asio::io_context loop;
  NoServices none;
  SystemClock clock;
  const Router router({{none, none, none, none, none, none, none}, clock}, kRoutes);
  HttpRequest request;
  request.method = std::move(method);
  const Target target{"/asked", std::move(segments), {}};
  request.target = &target;
  return run_until_done(loop, router.handle(request));
}

TEST(Router, FindsTheRouteAndFillsWhatThePatternLeftOpen) {
  EXPECT_EQ(ask("GET", {"jobs"}).body, "list");
  EXPECT_EQ(ask("POST", {"jobs"}).body, "add");
  EXPECT_EQ(ask("GET", {"jobs", "1"}).body, "<1>");
  EXPECT_EQ(ask("GET", {"data", "a/b", "*"}).body, "<a/b><*>");
}

TEST(Router, EarlierRouteWins) {
  EXPECT_EQ(ask("POST", {"jobs", "completed"}).body, "fixed");
}

TEST(Router, HeadIsAnsweredAsGet) {
  EXPECT_EQ(ask("HEAD", {"jobs"}).body, "list");
}

TEST(Router, UnknownPathIs404) {
  for (const std::vector<std::string>& segments :
       {std::vector<std::string>{}, {"job"}, {"jobs", ""}, {"jobs", "1", "x"}, {"data", "a"}, {""}}) {
    const HttpResponse response = ask("GET", segments);
    EXPECT_EQ(response.status, 404);
    EXPECT_THAT(response.body, HasSubstr(R"("detail":"there is nothing at /asked")"));
  }
}

TEST(Router, UnknownMethodIs405AndSaysWhichThereAre) {
  const HttpResponse response = ask("PUT", {"jobs"});
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(response.headers, ElementsAre(Pair("Allow", "GET, HEAD, POST, OPTIONS")));
  EXPECT_THAT(ask("POST", {"jobs", "1"}).headers, ElementsAre(Pair("Allow", "GET, HEAD, DELETE, OPTIONS")));
}

TEST(Router, OptionsIsAnsweredForEveryPathWithWhatABrowserNeeds) {
  for (const std::vector<std::string>& segments : {std::vector<std::string>{"jobs"}, {}, {"nothing"}}) {
    const HttpResponse response = ask("OPTIONS", segments);
    EXPECT_EQ(response.status, 204);
    EXPECT_THAT(response.headers,
                testing::Contains(Pair("Access-Control-Allow-Methods", HasSubstr("PATCH"))));
  }
}

}  // namespace
}  // namespace sisyphus::net
