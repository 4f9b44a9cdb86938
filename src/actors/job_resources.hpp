#pragma once

#include "core/job.hpp"
#include "modules/registry.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <string>
#include <vector>

// Who may take what of a worker's resources. The server knows what a job's document requires; what its
// modules take is known here alone, so a worker does not ask for jobs of modules that would take more than is
// free.
namespace sisyphus::actors {

using Resources = std::map<std::string, double>;  // name -> amount

// What a job holds from its grant to its end: of each resource the most that its document requires or that
// one of its tasks takes, as they run one after the other.
Resources held_by(const boost::json::object& document, const modules::Registry& registry);

std::string in_words(const Resources& resources);  // "gpu=1, ram=8"; "none"

// Whether `wanted` can be taken out of `free`.
bool enough(const Resources& free, const Resources& wanted);

// What is left of `total`, and the modules that can do with that; no labels.
Offer offer_beside(const std::vector<Resources>& held, const Resources& total,
                   const modules::Registry& registry);

// Whether a module takes any. Then a batch of jobs might take more than was free when it was asked for.
bool some_module_takes_resources(const modules::Registry& registry);

}  // namespace sisyphus::actors
