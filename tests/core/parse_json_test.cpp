#include "core/parse_json.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <random>
#include <string>

namespace sisyphus {
namespace {

using ::testing::HasSubstr;

TEST(ParseJson, EveryDoubleComesBackAsItWasWritten) {
  std::mt19937_64 random(1);  // NOLINT: the same numbers every time
  for (int i = 0; i < 20000; ++i) {
    const auto number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    std::array<char, 32> text;
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific).ptr;
    const auto parsed = parse_json({text.data(), end});
    ASSERT_TRUE(parsed);
    ASSERT_EQ(parsed->as_double(), number) << std::string(text.data(), end);
  }
  EXPECT_EQ(parse_json("0.09030256699999999")->as_double(), 0.09030256699999999);
}

TEST(ParseJson, KindsAndOrderOfKeysStay) {
  const auto parsed = parse_json(R"( {"z":19,"a":19.0,"m":[true,null,"x\u0000y",18446744073709551615,-1]} )");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->as_object().begin()->key(), "z");
  EXPECT_TRUE(parsed->at("z").is_int64());
  EXPECT_TRUE(parsed->at("a").is_double());
  EXPECT_EQ(parsed->at("m").as_array().at(2).as_string().size(), 3U);
  EXPECT_TRUE(parsed->at("m").as_array().at(3).is_uint64());
}

TEST(ParseJson, TooSmallIsZeroAndTooLargeIsRefused) {
  EXPECT_EQ(parse_json("1e-999")->as_double(), 0.0);
  EXPECT_TRUE(std::signbit(parse_json("-1e-999")->as_double()));
  for (const char* text : {"1e999", "-1e999", "18446744073709551616", "123456789012345678901234567890"}) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().detail, HasSubstr(text));
  }
}

TEST(ParseJson, RefusesWhatIsNotOneValue) {
  for (const char* text : {"", " ", "{", "{} {}", "[1,]", "nul", "{\"a\":1,}", "'a'", "\"\xff\"", "1 x"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
  EXPECT_FALSE(parse_json(std::string(40, '[') + std::string(40, ']')));
}

TEST(PlaceIn, CountsLinesAndCharactersFromOne) {
  EXPECT_EQ(place_in("", 0), "line 1, column 1");
  EXPECT_EQ(place_in("ab\ncd", 1), "line 1, column 2");
  EXPECT_EQ(place_in("ab\ncd", 3), "line 2, column 1");
  EXPECT_EQ(place_in("\n\u00e9x", 3), "line 2, column 2");
  EXPECT_EQ(place_in("ab", 9), "line 1, column 3");
}

}  // namespace
}  // namespace sisyphus
