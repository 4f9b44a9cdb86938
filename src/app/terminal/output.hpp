#pragma once

#include "app/terminal/progress_view.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sisyphus::app {

// The size of the terminal at `descriptor` (80 by 24 where it is none), and whether the locale of the
// environment (LC_ALL, LC_CTYPE, LANG) is UTF-8.
Screen screen_of(int descriptor);

// Whether the environment asks for UTF-8.
bool locale_is_utf8();

// Progress on standard output: live on a terminal, else plain lines, or JSON.
class ProgressOutput {
 public:
  explicit ProgressOutput(bool as_json);
  ProgressOutput(const ProgressOutput&) = delete;
  ProgressOutput& operator=(const ProgressOutput&) = delete;
  ~ProgressOutput();

  void show(const JobShown& job);
  void forget(const std::string& id);
  void note(std::string_view text);

 private:
  void prepare();
  bool live_;
  std::unique_ptr<ProgressView> view_;
};

}  // namespace sisyphus::app
