#include "modules/exec_manifest.hpp"

#include "core/json_pointer.hpp"
#include "core/parse_json.hpp"
#include "core/program_path.hpp"
#include "core/read_file.hpp"
#include "modules/paths.hpp"
#include "modules/schema.hpp"
#include "modules/schema_place.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace sisyphus::modules {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kSchemaSuffix = ".schema.json";

std::vector<std::string> strings(const json::object& manifest, std::string_view key) {
  std::vector<std::string> texts;
  if (const json::value* const list = manifest.if_contains(key)) {
    for (const json::value& text : list->as_array()) texts.emplace_back(text.as_string());
  }
  return texts;
}

// Whether `pointer` begins with a key that the schema lists: a misspelt one would silently name no file.
bool leads_into(const json::value& schema, const std::string& pointer) {
  const json::value* const named = member(&schema, "properties");
  if (named == nullptr || !named->is_object()) return false;
  return std::any_of(named->get_object().begin(), named->get_object().end(), [&](const auto& property) {
    const std::string step = "/" + pointer_token(property.key());
    return pointer == step || pointer.starts_with(step + "/");
  });
}

class FolderReader {
 public:
  FolderReader(std::string folder, const std::vector<std::string>& taken)
      : folder_(std::move(folder)), taken_(taken) {}

  void read(const std::string& file);
  Result<std::vector<ExecManifest>> finish();

 private:
  void complain(const std::string& pointer, std::string_view message);
  void read_name(ExecManifest& manifest);
  void read_command(ExecManifest& manifest);
  void read_schema(const json::value& schema, ExecManifest& manifest);
  void check_pointers(const ExecManifest& manifest);

  std::string folder_;  // absolute
  const std::vector<std::string>& taken_;
  std::string file_;  // that is read now
  std::vector<ExecManifest> manifests_;
  std::map<std::string, std::string> named_;  // module -> file
  std::vector<std::string> complaints_;
};

void FolderReader::complain(const std::string& pointer, std::string_view message) {
  complaints_.push_back(fmt::format("{}: {}{}{}", file_, pointer, pointer.empty() ? "" : ": ", message));
}

void FolderReader::read(const std::string& file) {
  file_ = file;
  const auto text = read_file(file);
  if (!text) return complaints_.push_back(text.error().detail);
  const auto value = parse_json(*text);
  if (!value) return complain("", value.error().detail);
  const auto problems = check_schema(embedded_schema("exec.manifest"), *value);
  for (const Problem& problem : problems) complain(problem.pointer, problem.message);
  if (!problems.empty()) return;

  const json::object& object = value->get_object();
  ExecManifest manifest;
  manifest.name = std::string(object.at("name").as_string());
  manifest.command = strings(object, "command");
  manifest.inputs = strings(object, "inputs");
  manifest.outputs = strings(object, "outputs");
  if (const json::value* const resources = object.if_contains("resources")) {
    for (const auto& [name, amount] : resources->as_object())
      manifest.resources[std::string(name)] = amount.to_number<double>();
  }
  if (const json::value* const seconds = object.if_contains("timeout_s")) {
    manifest.timeout =
        std::chrono::milliseconds(static_cast<std::int64_t>(seconds->to_number<double>() * 1000));
  }
  read_name(manifest);
  read_command(manifest);
  read_schema(object.at("schema"), manifest);
  if (manifest.schema.is_object()) {
    // Shown by `sisyphus schema`, where built-in modules say what they are.
    if (!manifest.schema.get_object().contains("description"))
      manifest.schema.get_object()["description"] = object.at("description");
    check_pointers(manifest);
  }
  manifests_.push_back(std::move(manifest));
}

void FolderReader::read_name(ExecManifest& manifest) {
  if (std::find(taken_.begin(), taken_.end(), manifest.name) != taken_.end()) {
    complain("/name",
             fmt::format("\"{}\" is a module of Sisyphus itself, choose another name", manifest.name));
  }
  const auto [first, is_new] = named_.emplace(manifest.name, file_);
  if (!is_new) {
    complain("/name",
             fmt::format("\"{}\" is the name of {} already, choose another", manifest.name, first->second));
  }
}

void FolderReader::read_command(ExecManifest& manifest) {
  std::string& program = manifest.command.front();
  if (program.empty()) return complain("/command/0", "found an empty string, expected a program");
  if (program.find('/') == std::string::npos) return;  // each worker's PATH decides, when a task is validated
  program = absolute_path(program, folder_);
  if (!find_program(program)) {
    complain(
        "/command/0",
        fmt::format("there is no executable {}; put it there, or make it executable (chmod +x)", program));
  }
}

void FolderReader::read_schema(const json::value& schema, ExecManifest& manifest) {
  std::string what = "the schema";
  if (schema.is_object()) {
    manifest.schema = schema;
  } else {
    const std::string name(schema.get_string());
    if (name.empty() || name.find('/') != std::string::npos)
      return complain("/schema", "expected the name of a file beside the manifest, without a folder");
    what = join_path(folder_, name);
    const auto text = read_file(what);
    if (!text) return complain("/schema", text.error().detail);
    auto value = parse_json(*text);
    if (!value) return complain("/schema", fmt::format("{}: {}", what, value.error().detail));
    if (!value->is_object()) return complain("/schema", fmt::format("{} holds no object", what));
    manifest.schema = std::move(*value);
  }
  if (const std::string fault = schema_fault(manifest.schema); !fault.empty()) {
    complain("/schema", fmt::format("{} is no JSON Schema (draft-07): {}", what, fault));
    manifest.schema = nullptr;
  }
}

void FolderReader::check_pointers(const ExecManifest& manifest) {
  const auto check = [&](const std::vector<std::string>& pointers, const char* key) {
    for (std::size_t i = 0; i < pointers.size(); ++i) {
      if (leads_into(manifest.schema, pointers[i])) continue;
      complain(fmt::format("/{}/{}", key, i),
               fmt::format("{} begins with no key of the schema's properties", pointers[i]));
    }
  };
  check(manifest.inputs, "inputs");
  check(manifest.outputs, "outputs");
  for (std::size_t i = 0; i < manifest.outputs.size(); ++i) {
    const auto& inputs = manifest.inputs;
    if (std::find(inputs.begin(), inputs.end(), manifest.outputs[i]) == inputs.end()) continue;
    complain(fmt::format("/outputs/{}", i),
             fmt::format("{} is in inputs too; a program writes to another file than it reads",
                         manifest.outputs[i]));
  }
}

Result<std::vector<ExecManifest>> FolderReader::finish() {
  if (!complaints_.empty()) return invalid(fmt::format("{}", fmt::join(complaints_, "\n")));
  return std::move(manifests_);
}

bool is_manifest(const std::string& name) {
  return name.ends_with(".json") && !name.ends_with(kSchemaSuffix) && !name.starts_with('.');
}

}  // namespace

Result<std::vector<ExecManifest>> read_manifests(const std::string& folder,
                                                 const std::vector<std::string>& taken) {
  std::error_code code;
  const std::string absolute = absolute_path(folder, fs::current_path(code).string());
  std::vector<std::string> files;
  for (fs::directory_iterator at(absolute, code), end; !code && at != end; at.increment(code)) {
    if (is_manifest(at->path().filename().string())) files.push_back(at->path().string());
  }
  if (code) return io_error("cannot read the folder of modules " + absolute, code);
  std::sort(files.begin(), files.end());
  FolderReader reader(absolute, taken);
  for (const std::string& file : files) reader.read(file);
  return reader.finish();
}

}  // namespace sisyphus::modules
