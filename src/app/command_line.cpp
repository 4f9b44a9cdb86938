#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace sisyphus::app {
namespace {

constexpr const char* kConfigVariable = "SISYPHUS_CONFIG";

// CLI11 asks the environment after the file. Here the file has the last word only where the environment is
// silent.
class ConfigBelowEnvironment final : public CLI::ConfigTOML {
 public:
  explicit ConfigBelowEnvironment(const CLI::App& root) : root_(root) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::vector<CLI::ConfigItem> items = CLI::ConfigTOML::from_config(input);
    std::erase_if(items, [this](const CLI::ConfigItem& item) { return in_environment(item); });
    return items;
  }

 private:
  bool in_environment(const CLI::ConfigItem& item) const {
    const CLI::App* app = &root_;
    for (const std::string& parent : item.parents) {
      const auto found =
          app->get_subcommands([&parent](const CLI::App* sub) { return sub->get_name() == parent; });
      if (found.empty()) return false;
      app = found.front();
    }
    const CLI::Option* option = app->get_option_no_throw("--" + item.name);
    if (option == nullptr || option->get_envname().empty()) return false;
    const char* value = std::getenv(option->get_envname().c_str());
    return value != nullptr && *value != '\0';
  }

  const CLI::App& root_;
};

void add_config_option(CLI::App& app) {
  const char* file = std::getenv(kConfigVariable);
  const bool given = file != nullptr && *file != '\0';
  app.set_config(
      "--config", given ? file : "",
      fmt::format("TOML file with a section for each command, whose keys are its flags without dashes "
                  "(Env:{})",
                  kConfigVariable),
      given);
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.config_formatter(std::make_shared<ConfigBelowEnvironment>(app));
}

}  // namespace

int run_command_line(std::span<const Command> commands, int argc, const char* const* argv) {
  CLI::App app("Sisyphus, an encoding farm: jobs wait in a durable queue, workers take them.", "sisyphus");
  app.set_version_flag("--version", "sisyphus " SISYPHUS_VERSION);
  app.require_subcommand(1);
  app.fallthrough();  // --config may stand behind the command
  app.option_defaults()->always_capture_default();
  add_config_option(app);
  app.footer(
      "Each command explains itself: sisyphus COMMAND --help\n"
      "Flags come first, then the environment, then the file of --config, e.g.\n"
      "  [worker]\n"
      "  server = \"http://farm:5000\"\n"
      "Exit codes: 0 done, 1 a job failed or was cancelled, 2 wrong usage or bad document, 3 server not "
      "reached,\n"
      "130 interrupted.");

  std::map<const CLI::App*, RunCommand> runs;
  for (const Command& command : commands) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    runs[sub] = command.add(*sub);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::Error& error) {
    app.exit(error, std::cout, std::cerr);
    return kExitUsage;
  }
  return runs.at(app.get_subcommands().front())();
}

}  // namespace sisyphus::app
