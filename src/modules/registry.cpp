#include "modules/registry.hpp"

#include "modules/cleanup.hpp"
#include "modules/exec.hpp"
#include "modules/ffmpeg.hpp"
#include "modules/handbrake.hpp"
#include "modules/mkvextract.hpp"
#include "modules/mkvmerge.hpp"
#include "modules/verify.hpp"

#include <algorithm>

namespace sisyphus::modules {

Registry::Registry() {
  modules_.push_back(std::make_unique<CleanupModule>());
  modules_.push_back(std::make_unique<FfmpegModule>());
  modules_.push_back(std::make_unique<HandbrakeModule>());
  modules_.push_back(std::make_unique<MkvextractModule>());
  modules_.push_back(std::make_unique<MkvmergeModule>());
  modules_.push_back(std::make_unique<VerifyModule>());
}

Result<Registry> Registry::with_folder(const std::string& folder) {
  Registry registry;
  if (folder.empty()) return registry;
  auto manifests = read_manifests(folder, registry.names());
  if (!manifests) return manifests.error();
  for (ExecManifest& manifest : *manifests)
    registry.modules_.push_back(std::make_unique<ExecModule>(std::move(manifest)));
  return registry;
}

const Module* Registry::find(std::string_view name) const {
  const auto found =
      std::find_if(modules_.begin(), modules_.end(),
                   [&](const std::unique_ptr<Module>& module) { return module->name() == name; });
  return found == modules_.end() ? nullptr : found->get();
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& module : modules_) names.emplace_back(module->name());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sisyphus::modules
