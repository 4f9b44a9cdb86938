#include "app/terminal/output.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

namespace sisyphus::app {
namespace {

void print(const std::string& bytes) {
  if (bytes.empty()) return;
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  std::fflush(stdout);
}

bool is_terminal_device(int descriptor) {
  const char* kind = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

std::unique_ptr<ProgressView> make_view(bool as_json, bool live) {
  if (as_json) return make_json_view();
  if (live) return make_live_view(screen_of(STDOUT_FILENO));
  return make_plain_view(locale_is_utf8());
}

}  // namespace

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {  // the first that is set decides (POSIX, 8.2)
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale = value;
    for (const char* charset : {"UTF-8", "utf8", "UTF8", "utf-8"}) {
      if (locale.find(charset) != std::string_view::npos) return true;
    }
    return false;
  }
  return false;
}

Screen screen_of(int descriptor) {
  Screen screen;
  screen.utf8 = locale_is_utf8();
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    screen.columns = size.ws_col;
    screen.rows = size.ws_row;
  }
  return screen;
}

ProgressOutput::ProgressOutput(bool as_json)
    : live_(!as_json && is_terminal_device(STDOUT_FILENO)), view_(make_view(as_json, live_)) {}

ProgressOutput::~ProgressOutput() {
  print(view_->close());
}

void ProgressOutput::prepare() {
  if (live_) view_->resize(screen_of(STDOUT_FILENO));
}

void ProgressOutput::show(const JobShown& job) {
  prepare();
  print(view_->update(job, std::chrono::steady_clock::now()));
}

void ProgressOutput::forget(const std::string& id) {
  prepare();
  print(view_->forget(id, std::chrono::steady_clock::now()));
}

void ProgressOutput::note(std::string_view text) {
  prepare();
  print(view_->note(text, std::chrono::steady_clock::now()));
}

}  // namespace sisyphus::app
