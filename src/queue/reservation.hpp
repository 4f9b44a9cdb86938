#pragma once

#include "core/job.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::queue {

// What the jobs need that run at each worker, by its id. Valid until one starts or ends.
using Running = std::map<std::string_view, std::vector<const Requirements*>>;

// What a job with these needs takes of a worker's resources: what it asks for itself, and what its modules
// take there, which the worker's offer says. Tasks run one after the other: of each the most that one of them
// does.
std::map<std::string, double> taken_by(const Requirements& needs, const Offer& whole);

// What is left of `offer`, which a worker makes besides what runs there, when all that a job with these needs
// takes of the worker is put aside. `whole` is its offer when nothing runs: that says what its modules take.
Offer offer_keeping_free(Offer offer, const Requirements& reserved, const Offer& whole);

}  // namespace sisyphus::queue
