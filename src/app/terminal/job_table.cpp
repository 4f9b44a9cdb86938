#include "app/terminal/job_table.hpp"

#include "app/terminal/job_line.hpp"
#include "app/terminal/output.hpp"
#include "app/terminal/text.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

namespace sisyphus::app {
namespace {

// What moves, or why it does not.
std::string remark(const net::JobStatus& job) {
  const std::optional<double> percent = job.job_percent ? job.job_percent : job.progress.percent;
  if (job.state == JobState::running && percent) return job_numbers_text(percent, job.job_eta_s);
  const std::string& text = job.message.empty() ? job.waiting_for : job.message;
  const std::size_t end = text.find('\n');  // `show` has the rest
  return end == std::string::npos ? text : text.substr(0, end) + " ...";
}

// RFC 3339 without the fraction of a second, which is for machines.
std::string without_fraction(const std::string& time) {
  const std::size_t dot = time.find('.');
  return dot == std::string::npos ? time : time.substr(0, dot) + "Z";
}

}  // namespace

void print_jobs(std::FILE* out, const std::vector<net::JobStatus>& jobs) {
  const bool utf8 = locale_is_utf8();
  fmt::print(out, "{:<8}  {:<10}  {:<20}  {:<32}  {}\n", "ID", "STATE", "ADDED", "TITLE", "REMARK");
  const std::string_view ellipsis = Screen{80, 24, utf8}.ellipsis();
  for (const net::JobStatus& job : jobs) {
    fmt::print(out, "{:<8}  {:<10}  {:<20}  {}  {}\n", printable(short_id(job.id), utf8),
               to_string(job.state), printable(without_fraction(job.added), utf8),
               padded(printable(job.title, utf8), 32, ellipsis), printable(remark(job), utf8));
  }
}

}  // namespace sisyphus::app
