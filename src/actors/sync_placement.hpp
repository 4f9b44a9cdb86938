#pragma once

#include "core/clock.hpp"

#include <array>
#include <cstddef>

namespace sisyphus::actors {

// Decides where the journal's syncs run: on the event loop while they are short (a hand-off to a thread costs
// more than the sync), on a thread when the disk is slow (a sync on the loop holds up every cancel and
// stream). Pure; fed with measured times.
class SyncPlacement {
 public:
  static constexpr std::chrono::microseconds kShort{500};  // the 99th of a hundred must stay under this
  static constexpr std::chrono::microseconds kLong{2000};  // one over this moves it to the thread
  static constexpr std::chrono::seconds kPenalty{10};      // and keeps it there for this long

  void measured(std::chrono::microseconds duration, SteadyTime now);
  bool on_loop(SteadyTime now) const;
  std::chrono::microseconds p99() const;  // of the last kWindow

 private:
  static constexpr std::size_t kWindow = 64;
  std::array<std::chrono::microseconds, kWindow> last_{};
  std::size_t count_ = 0;
  SteadyTime thread_until_{};
};

}  // namespace sisyphus::actors
