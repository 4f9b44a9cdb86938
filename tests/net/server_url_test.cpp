#include "net/server_url.hpp"

#include <gtest/gtest.h>

namespace sisyphus::net {
namespace {

TEST(ServerUrl, IsTakenApart) {
  const ServerUrl plain = parse_server_url("http://farm.example").value();
  EXPECT_EQ(plain.host, "farm.example");
  EXPECT_EQ(plain.authority, "farm.example");
  EXPECT_EQ(plain.port, 80);
  EXPECT_EQ(plain.prefix, "");
  EXPECT_EQ(plain.text, "http://farm.example");

  const ServerUrl full = parse_server_url("http://[::1]:5000/sisyphus/").value();
  EXPECT_EQ(full.host, "::1");
  EXPECT_EQ(full.authority, "[::1]:5000");
  EXPECT_EQ(full.port, 5000);
  EXPECT_EQ(full.prefix, "/sisyphus");
  EXPECT_EQ(full.text, "http://[::1]:5000/sisyphus");
}

TEST(ServerUrl, HttpsSaysWhatToDoInstead) {
  const Error error = parse_server_url("https://farm.example").error();
  EXPECT_EQ(error.code, Errc::invalid);
  EXPECT_EQ(
      error.detail,
      "https://farm.example: TLS is not supported yet; put a reverse proxy in front, or use http:// on a "
      "trusted network");
}

TEST(ServerUrl, OtherTextsAreRefused) {
  for (const char* text :
       {"", "127.0.0.1:5000", "localhost", "ftp://x", "http://", "http:///x", "http://a b", "http://x?y",
        "http://x#y", "http://u:p@x", "http://x:0", "http://x:65536", "http://x:a"}) {
    EXPECT_FALSE(parse_server_url(text)) << text;
  }
}

}  // namespace
}  // namespace sisyphus::net
