#include "modules/handbrake_progress.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sisyphus::modules {
namespace {

// As HandBrakeCLI 1.6.1 wrote it: reports out of a scan of 200 previews, an encode of two passes, its muxing
// and its end, with what a library says on the same stream.
constexpr std::string_view kReal = R"(Version: {
    "Arch": "x86_64",
    "Name": "HandBrake",
    "Version": {
        "Major": 1,
        "Minor": 6,
        "Point": 1
    },
    "VersionString": "1.6.1"
}
libdvdread: Encrypted DVD support unavailable.************************************************
**                                            **
**  No css library available. See             **
**  /usr/share/doc/libdvdread4/README.css     **
**  for more information.                     **
**                                            **
************************************************

libdvdread: Can't open file VIDEO_TS.IFO.
Progress: {
    "Scanning": {
        "Preview": 56,
        "PreviewCount": 200,
        "Progress": 0.2800000011920929,
        "SequenceID": 0,
        "Title": 1,
        "TitleCount": 1
    },
    "State": "SCANNING"
}
Progress: {
    "State": "WORKING",
    "Working": {
        "ETASeconds": 0,
        "Hours": -1,
        "Minutes": -1,
        "Pass": 1,
        "PassCount": 2,
        "PassID": 1,
        "Paused": 0,
        "Progress": 0.60600000619888306,
        "Rate": 0.0,
        "RateAvg": 0.0,
        "Seconds": -1,
        "SequenceID": 1
    }
}
Progress: {
    "State": "WORKING",
    "Working": {
        "ETASeconds": 0,
        "Hours": -1,
        "Minutes": -1,
        "Pass": 2,
        "PassCount": 2,
        "PassID": 2,
        "Paused": 0,
        "Progress": 0.59399998188018799,
        "Rate": 9.3569177295194095e-8,
        "RateAvg": 0.0,
        "Seconds": -1,
        "SequenceID": 1
    }
}
Progress: {
    "State": "WORKING",
    "Working": {
        "ETASeconds": 10,
        "Hours": 0,
        "Minutes": 0,
        "Pass": 2,
        "PassCount": 2,
        "PassID": 2,
        "Paused": 0,
        "Progress": 0.62399999499320984,
        "Rate": 26.487899780273438,
        "RateAvg": 32.126960754394531,
        "Seconds": 10,
        "SequenceID": 1
    }
}
Progress: {
    "State": "MUXING"
}
Progress: {
    "State": "WORKDONE",
    "WorkDone": {
        "Error": 0,
        "SequenceID": 1
    }
}
)";

std::vector<Progress> reports(HandbrakeProgressReader& reader, std::string_view text) {
  std::vector<Progress> all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (auto progress = reader.line(text.substr(0, end))) all.push_back(*progress);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return all;
}

std::vector<Progress> reports(std::string_view text) {
  HandbrakeProgressReader reader;
  return reports(reader, text);
}

std::string working(const std::string& members) {
  return "Progress: {\n    \"State\": \"WORKING\",\n    \"Working\": {\n" + members + "\n    }\n}\n";
}

std::string member(const std::string& name, const std::string& value) {
  return "        \"" + name + "\": " + value + ",\n";
}

TEST(HandbrakeProgress, ReadsWhatHandBrakeWrites) {
  const auto all = reports(kReal);
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].phase, "scanning");
  EXPECT_FALSE(all[0].percent);  // of the scan, not of the encoding
  EXPECT_EQ(all[1].phase, "encoding, pass 1 of 2");
  EXPECT_NEAR(all[1].percent.value(), 30.3, 0.001);
  EXPECT_FALSE(all[1].fps);
  EXPECT_FALSE(all[1].eta_s);
  EXPECT_EQ(all[2].phase, "encoding, pass 2 of 2");
  EXPECT_NEAR(all[2].percent.value(), 79.7, 0.001);
  EXPECT_FALSE(all[2].fps);  // 9.4e-8 is no rate yet
  EXPECT_FALSE(all[2].eta_s);
  EXPECT_NEAR(all[3].percent.value(), 81.2, 0.001);
  EXPECT_NEAR(all[3].fps.value(), 26.488, 0.001);
  EXPECT_EQ(all[3].eta_s, 10.0);
  EXPECT_EQ(all[4].phase, "muxing");
  EXPECT_NEAR(all[4].percent.value(), 81.2, 0.001);
  EXPECT_EQ(all[5].percent, 100.0);
  EXPECT_EQ(all[5].eta_s, 0.0);
}

TEST(HandbrakeProgress, ThePercentageNeverGoesBack) {
  const auto all = reports(working(member("Progress", "0.5")) + working(member("Progress", "0.4")) +
                           working(member("Progress", "0.6")));
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].percent, 50.0);
  EXPECT_EQ(all[1].percent, 50.0);
  EXPECT_EQ(all[2].percent, 60.0);
}

TEST(HandbrakeProgress, AllIsNotDoneBeforeTheProgramSaysSo) {
  EXPECT_EQ(reports(working(member("Progress", "1.0"))).at(0).percent, 99.9);
}

TEST(HandbrakeProgress, APassHasItsShareOfTheWhole) {
  const auto pass = [](const char* number) {
    return working(member("Progress", "0.5") + member("Pass", number) + member("PassCount", "4"));
  };
  const auto all = reports(pass("1") + pass("2") + pass("4"));
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].percent, 12.5);
  EXPECT_EQ(all[1].percent, 37.5);
  EXPECT_EQ(all[2].percent, 87.5);
}

TEST(HandbrakeProgress, TheTimeLeftInAPassThatIsNotTheLastIsNotTheTimeToTheEnd) {
  const std::string rest = member("Hours", "0") + member("ETASeconds", "7") + member("PassCount", "2");
  EXPECT_FALSE(reports(working(rest + member("Pass", "1"))).at(0).eta_s);
  EXPECT_EQ(reports(working(rest + member("Pass", "2"))).at(0).eta_s, 7.0);
}

TEST(HandbrakeProgress, ATimeLeftThatIsNotKnownIsLeftOut) {
  EXPECT_FALSE(reports(working(member("ETASeconds", "-1") + member("Hours", "0"))).at(0).eta_s);
  EXPECT_FALSE(reports(working(member("ETASeconds", "0") + member("Hours", "-1"))).at(0).eta_s);
  EXPECT_FALSE(reports(working(member("ETASeconds", "9") + member("Hours", "-1"))).at(0).eta_s);
}

TEST(HandbrakeProgress, LookingForSubtitlesIsAPhase) {
  EXPECT_EQ(
      reports(working(member("PassID", "-1") + member("Pass", "1") + member("PassCount", "2"))).at(0).phase,
      "looking for subtitles, pass 1 of 2");
}

TEST(HandbrakeProgress, AnEndWithAnErrorIsNotProgress) {
  EXPECT_TRUE(
      reports("Progress: {\n    \"State\": \"WORKDONE\",\n    \"WorkDone\": {\n        \"Error\": 4,\n"
              "        \"SequenceID\": 1\n    }\n}\n")
          .empty());
  EXPECT_TRUE(reports("Progress: {\n    \"State\": \"WORKDONE\"\n}\n").empty());
}

TEST(HandbrakeProgress, TextWithinAndAroundAReportIsPassedOver) {
  const auto all = reports(
      "unfinished text Progress: {\r\nlibdvdread: what\n    \"State\": \"WORKING\",\r\n\n}}\n"
      "  \"Working\": {\n  \"Progress\": 0.25,\nx265 [info]: \"Progress\": 0.9\n  }\n}\r\n");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].percent, 25.0);
}

TEST(HandbrakeProgress, AReportThatIsCutOffIsForgotten) {
  const auto all = reports("Progress: {\n    \"State\": \"WORKING\",\n    \"Progress\": 0.9,\n" +
                           working(member("Progress", "0.1")));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].percent, 10.0);
}

TEST(HandbrakeProgress, NonsenseIsNoProgress) {
  for (const char* text :
       {"}\n", "\n", "{\n}\n", "Progress: {\n}\n", "Progress: {\n    \"State\": 7\n}\n",
        "Progress: {\n    \"State\": \"\n}\n", "Progress: {\n    \"State\": \"PAUSED\"\n}\n",
        "\"Progress\": 0.5,\n}\n", "Version: {\n    \"State\": \"WORKING\"\n}\n"}) {
    EXPECT_TRUE(reports(text).empty()) << text;
  }
}

TEST(HandbrakeProgress, NumbersThatMakeNoSenseAreLeftOutOrHeldInBounds) {
  for (const char* value : {"nan", "inf", "\"0.5\"", "", "0.5x", "{", "-3", "null"}) {
    const auto all = reports(working(member("Progress", value) + member("Rate", value)));
    ASSERT_EQ(all.size(), 1U) << value;
    EXPECT_FALSE(all[0].percent) << value;
  }
  const auto all =
      reports(working(member("Progress", "70") + member("Pass", "9") + member("PassCount", "0")));
  EXPECT_EQ(all.at(0).percent, 99.9);
  EXPECT_EQ(all.at(0).phase, "encoding");
}

}  // namespace
}  // namespace sisyphus::modules
