#pragma once

#include <string>

namespace CLI {
class App;
}

namespace sisyphus::app {

// Declares --modules-dir, for modules::Registry::with_folder().
void add_modules_option(CLI::App& app, std::string& folder);

}  // namespace sisyphus::app
