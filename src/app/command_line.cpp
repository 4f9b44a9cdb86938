#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sisyphus::app {
namespace {

constexpr const char* kConfigVariable = "SISYPHUS_CONFIG";

// CLI11 asks the environment after the file. Here the file has the last word only where the environment is
// silent; and an unknown key is called by its name.
class ConfigBelowEnvironment final : public CLI::ConfigTOML {
 public:
  explicit ConfigBelowEnvironment(const CLI::App& root) : root_(root) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::vector<CLI::ConfigItem> items;
    for (const CLI::ConfigItem& item : CLI::ConfigTOML::from_config(input)) {
      const CLI::App* section = section_of(item);
      if (section == nullptr) throw unknown(fmt::format("section [{}]", fmt::join(item.parents, ".")));
      if (item.name == "++" || item.name == "--") continue;  // where a section begins and ends
      const CLI::Option* option = section->get_option_no_throw("--" + item.name);
      if (option == nullptr) throw unknown("key " + item.fullname());
      if (!in_environment(*option)) items.push_back(item);
    }
    return items;
  }

 private:
  static CLI::ConfigError unknown(const std::string& what) {
    return CLI::ConfigError("the configuration file has the unknown " + what);
  }

  // The command whose section the item stands in; null when there is none of that name.
  const CLI::App* section_of(const CLI::ConfigItem& item) const {
    const CLI::App* app = &root_;
    for (const std::string& parent : item.parents) {
      const auto found =
          app->get_subcommands([&parent](const CLI::App* sub) { return sub->get_name() == parent; });
      if (found.empty()) return nullptr;
      app = found.front();
    }
    return app;
  }

  static bool in_environment(const CLI::Option& option) {
    if (option.get_envname().empty()) return false;
    const char* value = std::getenv(option.get_envname().c_str());
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

namespace {

// CLI11 only says that something is missing; what was written instead, and whose help tells more, helps
// further.
int tell_wrong_usage(const CLI::App& app, const CLI::Error& error) {
  const auto chosen = app.get_subcommands();
  const std::vector<std::string> rest = app.remaining();
  std::string text = error.what();
  if (chosen.empty() && !rest.empty() && !rest.front().starts_with('-')) {
    text = fmt::format("there is no command \"{}\"", rest.front());
  } else if (chosen.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    text = "a command is missing";
  }
  const std::string command = chosen.empty() ? "" : " " + chosen.front()->get_name();
  fmt::print(stderr, "sisyphus: {}\nSee: sisyphus{} --help\n", text, command);
  return kExitUsage;
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
      "A flag counts before its variable in the environment, and that before the file of --config, e.g.\n"
      "  [worker]\n"
      "  server = \"http://farm:5000\"\n"
      "Exit codes: 0 done, 1 a job failed or was cancelled, 2 wrong usage or bad document, 3 server not "
      "reached,\n"
      "70 a fault of the program or its storage, 130 interrupted.");

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
    return tell_wrong_usage(app, error);
  }
  try {
    return runs.at(app.get_subcommands().front())();
  } catch (const std::exception& lost) {  // an invariant or the storage: nothing here could go on
    fmt::print(stderr, "sisyphus: {}\n", lost.what());
    return kExitInternal;
  }
}

}  // namespace sisyphus::app
