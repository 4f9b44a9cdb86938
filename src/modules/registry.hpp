#pragma once

#include "modules/module.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::modules {

// The modules of this process, by name. Built once at start, read-only afterwards.
class Registry {
 public:
  Registry();  // the built-in modules
  // And those of the manifests in a folder; an empty name: no folder. Fails as read_manifests().
  static Result<Registry> with_folder(const std::string& folder);

  const Module* find(std::string_view name) const;  // null when there is none; lives as long as the registry
  std::vector<std::string> names() const;           // sorted

 private:
  std::vector<std::unique_ptr<Module>> modules_;
};

}  // namespace sisyphus::modules
