#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/modules_option.hpp"
#include "core/embedded.hpp"
#include "modules/registry.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

namespace sisyphus::app {
namespace {

struct Options {
  std::string name;
  std::string modules_dir;
};

int run(const Options& options) {
  const auto registry = modules::Registry::with_folder(options.modules_dir);
  if (!registry) return report(registry.error());
  if (options.name.empty()) {
    for (const std::string& known : registry->names()) fmt::print("{}\n", known);
    return kExitDone;
  }
  for (const embedded::Text& text : embedded::schemas()) {
    if (text.name == options.name + ".schema.json") {
      fmt::print("{}", text.text);
      return kExitDone;
    }
  }
  if (const modules::Module* const module = registry->find(options.name)) {
    fmt::print("{}\n", boost::json::serialize(module->schema()));
    return kExitDone;
  }
  fmt::print(stderr, "sisyphus: there is no module \"{}\"; there are {}\n", options.name,
             fmt::join(registry->names(), ", "));
  return kExitUsage;
}

}  // namespace

RunCommand add_schema_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODULE", options->name, "The module; without one, their names are listed");
  add_modules_option(app, options->modules_dir);
  app.footer(
      "Prints the JSON Schema (draft-07) of a module's data; \"exec.manifest\": that of the files in "
      "--modules-dir.\n"
      "Examples:\n"
      "  sisyphus schema ffmpeg\n"
      "  sisyphus schema --modules-dir modules.d poster");
  return [options] { return run(*options); };
}

}  // namespace sisyphus::app
