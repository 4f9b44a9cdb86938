#pragma once

#include "modules/module.hpp"

namespace sisyphus::modules {

// Reads what mkvmerge and mkvextract print with --gui-mode: "#GUI#progress 12%", "#GUI#warning …",
// "#GUI#error …", other text between them. Both complain on standard output.
class MkvProgressReader : public ProgressReader {
 public:
  std::optional<Progress> line(std::string_view text) override;
  Remarks remarks() const override { return remarks_; }

 private:
  Remarks remarks_;
  double percent_ = -1;  // the last that was told
};

}  // namespace sisyphus::modules
