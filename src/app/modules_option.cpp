#include "app/modules_option.hpp"

#include <CLI/CLI.hpp>

namespace sisyphus::app {

void add_modules_option(CLI::App& app, std::string& folder) {
  app.add_option("--modules-dir", folder,
                 "Folder of manifests, NAME.json, each of a program that is a module; default: none")
      ->envname("SISYPHUS_MODULES_DIR")
      ->type_name("DIR");
}

}  // namespace sisyphus::app
