#include "engine/thread_slot.hpp"

#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "engine/engine_core.hpp"

namespace ringfiles::detail {
namespace {

/// The slots of this thread, given up when it ends.
struct slots_of_thread {
  struct entry {
    std::uint64_t engine;
    std::shared_ptr<thread_slot> slot;
  };
  std::vector<entry> entries;

  ~slots_of_thread();
};

thread_local slots_of_thread my_slots;
/// Objects with a longer life than their thread's own (statics) still make calls.
thread_local constinit bool gave_slots_up = false;

}  // namespace

thread_local constinit engine_core::slot_of_engine engine_core::latest_slot;

slots_of_thread::~slots_of_thread() {
  gave_slots_up = true;
  engine_core::forget_slot();
  for (const entry& one : entries) one.slot->abandoned.store(true, std::memory_order_release);
}

std::uint64_t engine_core::new_serial() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// The first call of a thread on this engine, or after one on another engine.
thread_slot& engine_core::find_slot() noexcept try {
  if (gave_slots_up) return own_slot_;
  auto& mine = my_slots.entries;
  // An engine that is gone has let go of its slots.
  std::erase_if(mine, [](const auto& one) { return one.slot.use_count() == 1; });
  for (const auto& one : mine)
    if (one.engine == serial_) return latest_slot = {serial_, one.slot.get()}, *one.slot;
  mine.push_back({serial_, take_slot()});
  latest_slot = {serial_, mine.back().slot.get()};
  return *mine.back().slot;
} catch (const std::bad_alloc&) {
  return own_slot_;  // shared by all who come here: it counts, and keeps nothing
}

std::shared_ptr<thread_slot> engine_core::take_slot() {
  std::lock_guard lock(mutex_);
  for (const auto& slot : slots_)
    if (slot->abandoned.exchange(false, std::memory_order_acquire)) return slot;
  slots_.push_back(std::make_shared<thread_slot>(true));
  return slots_.back();
}

// Nobody else uses the engine any more: that is what shutting down requires.
void engine_core::drop_spares() noexcept {
  std::vector<std::shared_ptr<thread_slot>> all;
  {
    std::lock_guard lock(mutex_);
    all = slots_;
  }
  for (const auto& slot : all) slot->drop_spares();
  own_slot_.drop_spares();
}

}  // namespace ringfiles::detail
