#include "modules/handbrake_progress.hpp"

#include "modules/media_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace sisyphus::modules {
namespace {

// Told only once the program has said that all went well.
constexpr double kNotYetDone = 99.9;

std::string_view trimmed(std::string_view text) {
  static constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// The program starts from 0, -1 or something like 1e-7.
std::optional<double> known(std::optional<double> number) {
  return number && *number > 0.001 ? number : std::nullopt;
}

}  // namespace

std::optional<Progress> HandbrakeProgressReader::line(std::string_view text) {
  while (text.ends_with('\r')) text.remove_suffix(1);
  // Text of another thread without a line end may stand in front of it.
  if (text.ends_with("Progress: {")) {
    report_.emplace();
    return std::nullopt;
  }
  if (!report_) return std::nullopt;
  if (text != "}") {  // the braces of the objects inside are indented
    take(trimmed(text));
    return std::nullopt;
  }
  const Report report = std::move(*report_);
  report_.reset();
  return finish(report);
}

// One member: "Rate": 57.16,
void HandbrakeProgressReader::take(std::string_view text) {
  const std::size_t colon = text.find("\": ");
  if (!text.starts_with('"') || colon == std::string_view::npos) return;
  const std::string_view key = text.substr(1, colon - 1);
  std::string_view value = trimmed(text.substr(colon + 2));
  if (value.ends_with(',')) value.remove_suffix(1);
  if (key == "State") {
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
      report_->state = value.substr(1, value.size() - 2);
    }
    return;
  }
  static const std::map<std::string_view, std::optional<double> Report::*> kNumbers{
      {"Progress", &Report::share}, {"Pass", &Report::pass},   {"PassCount", &Report::pass_count},
      {"PassID", &Report::pass_id}, {"Rate", &Report::rate},   {"ETASeconds", &Report::eta_s},
      {"Hours", &Report::hours},    {"Error", &Report::error},
  };
  if (const auto member = kNumbers.find(key); member != kNumbers.end())
    (*report_).*member->second = decimal(value);
}

std::optional<Progress> HandbrakeProgressReader::finish(const Report& report) {
  Progress progress;
  if (report.state == "SCANNING") {
    phase_ = "scanning";
  } else if (report.state == "WORKING" || report.state == "SEARCHING") {
    progress = working(report);
  } else if (report.state == "MUXING") {
    phase_ = "muxing";
  } else if (report.state == "WORKDONE" && report.error == 0.0) {
    percent_ = 100;
    progress.eta_s = 0;
  } else {
    return std::nullopt;
  }
  if (percent_ > 0) progress.percent = percent_;
  progress.phase = phase_;
  return progress;
}

Progress HandbrakeProgressReader::working(const Report& report) {
  const double passes = std::max(1.0, report.pass_count.value_or(1));
  const double pass = std::clamp(report.pass.value_or(1), 1.0, passes);
  if (report.share) {
    const double share = (pass - 1 + std::clamp(*report.share, 0.0, 1.0)) / passes;
    percent_ = std::max(percent_, std::min(share * 100, kNotYetDone));
  }
  phase_ = report.pass_id.value_or(0) < 0 ? "looking for subtitles" : "encoding";
  if (passes > 1) phase_ += fmt::format(", pass {:.0f} of {:.0f}", pass, passes);

  Progress progress;
  progress.fps = known(report.rate);
  // It is the time to the end of this pass. The hours are -1 until the program can tell.
  if (pass == passes && report.hours.value_or(0) >= 0) progress.eta_s = known(report.eta_s);
  return progress;
}

}  // namespace sisyphus::modules
