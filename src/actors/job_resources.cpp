#include "actors/job_resources.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sisyphus::actors {
namespace {

namespace json = boost::json;

void raise(Resources& resources, const std::string& name, double amount) {
  double& known = resources[name];
  known = std::max(known, amount);
}

}  // namespace

Resources held_by(const json::object& document, const modules::Registry& registry) {
  Resources held;
  const json::value* const wanted = document.if_contains("requires");
  const json::value* const named =
      wanted && wanted->is_object() ? wanted->get_object().if_contains("resources") : nullptr;
  if (named != nullptr && named->is_object()) {
    for (const auto& [name, amount] : named->get_object()) {
      if (amount.is_number()) raise(held, std::string(name), amount.to_number<double>());
    }
  }
  const json::value* const tasks = document.if_contains("tasks");
  if (tasks == nullptr || !tasks->is_array()) return held;
  for (const json::value& task : tasks->get_array()) {
    const json::value* const name = task.is_object() ? task.get_object().if_contains("module") : nullptr;
    const modules::Module* const module =
        name != nullptr && name->is_string() ? registry.find(std::string_view(name->get_string())) : nullptr;
    if (module == nullptr) continue;
    for (const auto& [resource, amount] : module->resources()) raise(held, resource, amount);
  }
  return held;
}

std::string in_words(const Resources& resources) {
  std::string text;
  for (const auto& [name, amount] : resources)
    text += fmt::format("{}{}={:g}", text.empty() ? "" : ", ", name, amount);
  return text.empty() ? "none" : text;
}

bool enough(const Resources& free, const Resources& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& resource) {
    const auto found = free.find(resource.first);
    return found != free.end() && found->second >= resource.second;
  });
}

Offer offer_beside(const std::vector<Resources>& held, const Resources& total,
                   const modules::Registry& registry) {
  Offer offer;
  offer.resources = total;
  for (const Resources& job : held) {
    for (const auto& [name, amount] : job) {
      if (const auto free = offer.resources.find(name); free != offer.resources.end()) free->second -= amount;
    }
  }
  std::vector<std::string> names = registry.names();
  std::erase_if(names, [&](const std::string& name) {
    return !enough(offer.resources, registry.find(name)->resources());
  });
  offer.modules = std::move(names);
  return offer;
}

bool some_module_takes_resources(const modules::Registry& registry) {
  const std::vector<std::string> names = registry.names();
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return !registry.find(name)->resources().empty(); });
}

}  // namespace sisyphus::actors
