// An engine over a file system in memory, turned by hand: what the fault suites share.
#pragma once

#include <gtest/gtest.h>

#include <coroutine>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine_core.hpp"
#include "ringfiles/ringfiles.hpp"
#include "unit/sanitized.hpp"

namespace ringfiles::testing {

/// Bytes that tell their own place.
inline std::string pattern(std::size_t size, std::uint64_t from = 0) {
  const std::size_t skip = from % 8;
  std::string bytes(skip + size + 8, '\0');
  for (std::size_t at = 0; at < skip + size; at += 8) {
    const std::uint64_t mixed = ((from + at) / 8 + 1) * 0x9e3779b97f4a7c15ULL;
    std::memcpy(bytes.data() + at, &mixed, 8);
  }
  return bytes.substr(skip, size);
}

/// A coroutine that awaits one operation, and may be destroyed while it does.
template <class T>
class begun {
 public:
  explicit begun(operation<T> call) : frame_(await(std::move(call), state_)) {}

  bool done() const { return state_->done; }
  bool failed() const { return state_->failure != nullptr; }
  /// REQUIRES: done() and not failed().
  T take() {
    if constexpr (!std::is_void_v<T>) return std::move(*state_->value);
  }
  /// The errno it failed with; 0: it did not, or has not ended.
  int number() const {
    if (!failed()) return 0;
    try {
      std::rethrow_exception(state_->failure);
    } catch (const error& failure) {
      return failure.number();
    }
  }
  /// The caller ends here and now, whatever it waits for.
  void destroy() { frame_ = {}; }

 private:
  struct state {
    std::optional<detail::storable<T>> value;
    std::exception_ptr failure;
    bool done = false;
  };

  class frame {
   public:
    struct promise_type {
      frame get_return_object() {
        return frame(std::coroutine_handle<promise_type>::from_promise(*this));
      }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_always final_suspend() noexcept { return {}; }
      void return_void() noexcept {}
      void unhandled_exception() noexcept { std::terminate(); }
    };
    frame() = default;
    explicit frame(std::coroutine_handle<> handle) : handle_(handle) {}
    frame(frame&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    frame& operator=(frame other) noexcept {
      std::swap(handle_, other.handle_);
      return *this;
    }
    ~frame() {
      if (handle_) handle_.destroy();
    }

   private:
    std::coroutine_handle<> handle_;
  };

  static frame await(operation<T> call, std::shared_ptr<state> into) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(call);
        into->value.emplace();
      } else {
        into->value = co_await std::move(call);
      }
    } catch (const error&) {
      into->failure = std::current_exception();
    }
    into->done = true;
  }

  std::shared_ptr<state> state_ = std::make_shared<state>();
  frame frame_;
};

template <class T>
begun<T> begin(operation<T> call) {
  return begun<T>(std::move(call));
}

/// Which of several operations in flight ends first.
enum class order { forward, backward, random };

class memory_rig {
 public:
  memory_rig() : disk(std::make_shared<memory_filesystem>()) {
    loop.emplace(engine_options{.backend = backend_kind::memory, .memory = disk});
  }

  /// One turn. False: there is nothing to do in it.
  bool turn() {
    if (!loop->wait(std::chrono::milliseconds(0))) return false;
    loop->run_completions();
    return true;
  }
  /// Turns until nothing is left to do without waiting.
  void crank() {
    while (turn()) {
    }
  }
  /// The smallest step forward: a turn or, if there is nothing to do, the end of one operation.
  /// False: nothing is left.
  bool step(order how, std::mt19937_64& random) {
    return turn() || release(how, random) || job_ends();
  }
  /// What is in flight and not held is a job of the pool, which ends when it does.
  bool job_ends() {
    if (loop->stats().in_flight == 0 || disk->held() > 0) return false;
    return loop->wait(std::chrono::seconds(10)) && turn();
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
  bool release(order how, std::mt19937_64& random) {
    const std::size_t held = disk->held();
    if (held == 0) return false;
    std::size_t index = 0;
    if (how == order::backward) index = held - 1;
    if (how == order::random) index = random() % held;
    return disk->release(index);
  }
  /// Ends what is held, in this order, and stops holding.
  void let_go(order how, std::mt19937_64& random) {
    disk->hold(false);
    while (release(how, random)) {
    }
    disk->refuse_inline(false);
    crank();
    while (job_ends()) {
    }
  }
  /// Nothing more is served inline in this turn.
  void spend_budget() {
    static_cast<void>(loop->core().allows_inline());
    loop->core().charge(engine_floor::budget_ns);
  }

  /// Nothing is open, in flight or kept for the kernel.
  void expect_nothing_left() {
    crank();
    EXPECT_EQ(disk->open_files(), 0U);
    EXPECT_EQ(disk->held(), 0U);
    EXPECT_TRUE(loop->idle());
    const statistics stats = loop->stats();
    EXPECT_EQ(stats.in_flight, 0U);
    EXPECT_EQ(stats.parked, 0U);
    EXPECT_EQ(stats.parked_bytes, 0U);
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
