#include "core/json_member.hpp"

#include <gtest/gtest.h>

namespace sisyphus {
namespace {

std::string with(std::string object, std::string_view value) {
  set_member(object, "n", value);
  return object;
}

TEST(SetMember, ReplacesTheValueAndNothingElse) {
  EXPECT_EQ(with(R"({"n":1})", "-20"), R"({"n":-20})");
  EXPECT_EQ(with(R"({"n" : 1e2 , "x":1.0})", "3"), R"({"n" : 3 , "x":1.0})");
  EXPECT_EQ(with(R"({"a":[],"n":"a\",b"})", "3"), R"({"a":[],"n":3})");
}

TEST(SetMember, AddsWhatIsNotThere) {
  EXPECT_EQ(with("{}", "3"), R"({"n":3})");
  EXPECT_EQ(with("{ }", "3"), R"({ "n":3})");
  EXPECT_EQ(with(R"({"a":{"b":1}})", "3"), R"({"a":{"b":1},"n":3})");
}

TEST(SetMember, LeavesNamesakesFurtherInAndInStringsAlone) {
  EXPECT_EQ(with(R"({"a":{"n":1},"b":[{"n":2}],"c":"n","d":"{\"n\":4","n":5})", "6"),
            R"({"a":{"n":1},"b":[{"n":2}],"c":"n","d":"{\"n\":4","n":6})");
}

}  // namespace
}  // namespace sisyphus
