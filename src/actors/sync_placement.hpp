#pragma once

#include "core/clock.hpp"

#include <array>
#include <cstddef>

namespace sisyphus::actors {

// Decides where the journal's syncs run: on the event loop while they are short (a hand-off to a thread costs
// more than the sync), on a thread when the disk is slow (a sync on the loop holds up every cancel and
// stream). A good disk is late now and then, once in some thousands; only when that happens again and again
// is it slow. Pure; fed with measured times.
class SyncPlacement {
 public:
  static constexpr std::size_t kWindow = 256;              // syncs that are looked back at
  static constexpr std::chrono::microseconds kShort{500};  // nine of ten must stay under this
  static constexpr std::chrono::microseconds kLong{
      2000};  // and no more than kLongAllowed of them be over this
  static constexpr std::size_t kLongAllowed = 2;
  static constexpr std::chrono::seconds kPenalty{1};  // at least that long on the thread

  void measured(std::chrono::microseconds duration, SteadyTime now);
  bool on_loop(SteadyTime now) const;
  std::chrono::microseconds p99() const;  // of the window

 private:
  bool slow() const;

  std::array<std::chrono::microseconds, kWindow> last_{};
  std::size_t count_ = 0;
  std::size_t not_short_ = 0;  // in the window
  std::size_t long_ = 0;       // in the window
  SteadyTime thread_until_{};
};

}  // namespace sisyphus::actors
