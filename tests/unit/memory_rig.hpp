// An engine over a file system in memory, turned by hand: what the fault suites share.
#pragma once

#include <gtest/gtest.h>

#include <coroutine>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringfiles/ringfiles.hpp"

namespace ringfiles::testing {

/// Bytes that tell their own place.
inline std::string pattern(std::size_t size, std::uint64_t from = 0) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint64_t mixed = ((from + i) / 8 + 1) * 0x9e3779b97f4a7c15ULL;
    bytes[i] = static_cast<char>(mixed >> (8 * ((from + i) % 8)));
  }
  return bytes;
}

/// An operation that was started and is not awaited.
template <class T>
class begun {
 public:
  explicit begun(operation<T> call) {
    detail::settle(as_task(std::move(call)), state_->outcome,
                   [state = state_] { state->done = true; });
  }
  bool done() const { return state_->done; }
  bool failed() const { return state_->outcome.failure != nullptr; }
  T take() { return detail::unwrap(state_->outcome); }
  int number() const {
    if (!failed()) return 0;
    try {
      std::rethrow_exception(state_->outcome.failure);
    } catch (const error& failure) {
      return failure.number();
    }
  }

 private:
  static task<T> as_task(operation<T> call) { co_return co_await std::move(call); }
  struct state {
    detail::outcome<T> outcome;
    bool done = false;
  };
  std::shared_ptr<state> state_ = std::make_shared<state>();
};

template <class T>
begun<T> begin(operation<T> call) {
  return begun<T>(std::move(call));
}

enum class order { forward, backward, random };

class memory_rig {
 public:
  memory_rig() : disk(std::make_shared<memory_filesystem>()) {
    loop.emplace(engine_options{.backend = backend_kind::memory, .memory = disk});
  }

  /// Turns until nothing is left to do without waiting.
  void crank() {
    while (loop->wait(std::chrono::milliseconds(0))) loop->run_completions();
  }
  template <class Body>
  auto run(Body body) {
    return ringfiles::run(*loop, body());
  }
  file opened(std::string path, std::string_view mode, open_options options = {}) {
    return ringfiles::run(*loop, open_it(*loop, std::move(path), mode, options));
  }
  void hold_everything() {
    disk->refuse_inline(true);
    disk->hold(true);
  }
  /// Ends what is held, in this order, and stops holding.
  void let_go(order how, std::mt19937_64& random) {
    disk->hold(false);
    while (const std::size_t held = disk->held()) {
      std::size_t index = 0;
      if (how == order::backward) index = held - 1;
      if (how == order::random) index = random() % held;
      disk->release(index);
    }
    disk->refuse_inline(false);
    crank();
  }

  std::shared_ptr<memory_filesystem> disk;
  std::optional<engine> loop;

 private:
  static task<file> open_it(engine& loop, std::string path, std::string_view mode,
                            open_options options) {
    co_return co_await ringfiles::open(loop, path, mode, options);
  }
};

}  // namespace ringfiles::testing
