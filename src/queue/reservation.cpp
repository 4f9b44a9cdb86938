#include "queue/reservation.hpp"

#include <algorithm>

namespace sisyphus::queue {

Offer offer_keeping_free(Offer offer, const Requirements& reserved, const Offer& whole) {
  using Resources = std::map<std::string, double>;
  const auto taken_by = [&whole](const std::string& module) {
    const auto found = whole.module_resources.find(module);
    return found == whole.module_resources.end() ? Resources() : found->second;
  };
  // Tasks run one after the other: of each resource a job takes the most that one of them does.
  Resources wanted = reserved.resources;
  for (const std::string& module : reserved.modules) {
    for (const auto& [name, amount] : taken_by(module)) wanted[name] = std::max(wanted[name], amount);
  }
  for (const auto& [name, amount] : wanted) offer.resources[name] -= amount;
  if (!offer.modules) return offer;
  std::erase_if(*offer.modules, [&](const std::string& module) {
    const Resources taken = taken_by(module);
    return !std::all_of(taken.begin(), taken.end(), [&](const auto& resource) {
      const auto left = offer.resources.find(resource.first);
      return left != offer.resources.end() && left->second >= resource.second;
    });
  });
  return offer;
}

}  // namespace sisyphus::queue
