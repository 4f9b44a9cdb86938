#include "queue/reservation.hpp"

#include <algorithm>

namespace sisyphus::queue {
namespace {

using Resources = std::map<std::string, double>;

Resources taken_by_module(const std::string& module, const Offer& whole) {
  const auto found = whole.module_resources.find(module);
  return found == whole.module_resources.end() ? Resources() : found->second;
}

}  // namespace

Resources taken_by(const Requirements& needs, const Offer& whole) {
  Resources taken = needs.resources;
  for (const std::string& module : needs.modules) {
    for (const auto& [name, amount] : taken_by_module(module, whole))
      taken[name] = std::max(taken[name], amount);
  }
  return taken;
}

Offer offer_keeping_free(Offer offer, const Requirements& reserved, const Offer& whole) {
  for (const auto& [name, amount] : taken_by(reserved, whole)) offer.resources[name] -= amount;
  if (!offer.modules) return offer;
  std::erase_if(*offer.modules, [&](const std::string& module) {
    const Resources taken = taken_by_module(module, whole);
    return !std::all_of(taken.begin(), taken.end(), [&](const auto& resource) {
      const auto left = offer.resources.find(resource.first);
      return left != offer.resources.end() && left->second >= resource.second;
    });
  });
  return offer;
}

}  // namespace sisyphus::queue
