#include "modules/python_number.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace sisyphus::modules {
namespace {

struct Case {
  double number;
  const char* text;
};

TEST(PythonNumber, RealNumbersPrintAsPythonsReprPrintsThem) {
  constexpr Case kCases[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {19.0, "19.0"},
      {-19.0, "-19.0"},
      {0.6, "0.6"},
      {-0.5, "-0.5"},
      {23.976, "23.976"},
      {0.1 + 0.2, "0.30000000000000004"},
      {0.001, "0.001"},
      {0.0001, "0.0001"},
      {0.00001, "1e-05"},
      {0.000012345, "1.2345e-05"},
      {1e-7, "1e-07"},
      {1e-10, "1e-10"},
      {1e-300, "1e-300"},
      {5e-324, "5e-324"},
      {100.0, "100.0"},
      {123456.789, "123456.789"},
      {1e15, "1000000000000000.0"},
      {1234567890123456.0, "1234567890123456.0"},
      {9999999999999998.0, "9999999999999998.0"},
      {1e16, "1e+16"},
      {1.2345678901234568e17, "1.2345678901234568e+17"},
      {1e22, "1e+22"},
      {-1.5e100, "-1.5e+100"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
  };
  for (const auto& [number, text] : kCases) EXPECT_EQ(python_number(number), text);
}

TEST(PythonNumber, IntegersKeepEveryDigit) {
  EXPECT_EQ(python_number(boost::json::value(std::int64_t{0})), "0");
  EXPECT_EQ(python_number(boost::json::value(std::numeric_limits<std::int64_t>::min())),
            "-9223372036854775808");
  EXPECT_EQ(python_number(boost::json::value(std::numeric_limits<std::uint64_t>::max())),
            "18446744073709551615");
  EXPECT_EQ(python_number(boost::json::value(19.0)), "19.0");
}

}  // namespace
}  // namespace sisyphus::modules
