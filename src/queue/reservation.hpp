#pragma once

#include "core/job.hpp"

namespace sisyphus::queue {

// What is left of `offer`, which a worker makes besides what runs there, when all that a job with these needs
// takes of the worker is put aside. `whole` is its offer when nothing runs: that says what its modules take.
Offer offer_keeping_free(Offer offer, const Requirements& reserved, const Offer& whole);

}  // namespace sisyphus::queue
