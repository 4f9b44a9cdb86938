#include "app/commands.hpp"
#include "core/embedded.hpp"
#include "modules/registry.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

namespace sisyphus::app {

RunCommand add_schema_command(CLI::App& app) {
  const auto name = std::make_shared<std::string>();
  app.add_option("MODULE", *name, "The module; without one, their names are listed");
  app.footer("Prints the JSON Schema (draft-07) of a module's data.\nExample:\n  sisyphus schema ffmpeg");
  return [name] {
    const modules::Registry registry;
    if (name->empty()) {
      for (const std::string& known : registry.names()) fmt::print("{}\n", known);
      return kExitDone;
    }
    for (const embedded::Text& text : embedded::schemas()) {
      if (text.name == *name + ".schema.json") {
        fmt::print("{}", text.text);
        return kExitDone;
      }
    }
    fmt::print(stderr, "sisyphus: there is no module \"{}\"; there are {}\n", *name,
               fmt::join(registry.names(), ", "));
    return kExitUsage;
  };
}

}  // namespace sisyphus::app
