#pragma once

#include "core/text_tail.hpp"
#include "modules/module.hpp"

namespace sisyphus::modules {

// Reads what a program of an exec module prints: JSON objects, one a line, with members of Progress, a
// "message", or a "result"; a member stays as it is until another line says otherwise. Everything else is
// text, whose end is kept for people in case the program fails. Nothing it prints is an error.
class ExecProgressReader final : public ProgressReader {
 public:
  std::optional<Progress> line(std::string_view text) override;
  Remarks remarks() const override;

 private:
  void keep(std::string_view text);

  Progress progress_;  // all that was said so far
  TextTail said_{4U << 10U};
  boost::json::object results_;
};

}  // namespace sisyphus::modules
