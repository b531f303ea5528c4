// A plain coroutine type, and `run` for programs that have no event loop.
//
//   ringfiles::task<std::size_t> count(std::filesystem::path path) { … co_await … co_return n; }
//   int main() { return ringfiles::run(count("server.log")) > 0 ? 0 : 1; }
//
// A task starts when it is awaited, run or spawned, and resumes whoever awaits it when it ends.
// gather() runs many at once on the one thread.
// A coroutine that is destroyed while it waits takes the tasks that it awaits with it, gathered
// ones included: what they wait for is cancelled, and none of them is resumed.
//
// With GCC 12, keep co_await out of braced initialisers (`job{co_await open(path)}`): it destroys
// twice what the co_await gave. A statement of its own is right with every compiler.
//
// SAFETY: a task stays on the thread that started it; with a `concurrent` engine it goes on in the
// thread of the turns. That thread destroys what waits, or another while no turn is taken.
#pragma once

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "ringfiles/engine.hpp"

namespace ringfiles {

template <class T = void>
class task;

namespace detail {

/// Where tasks that run at once end: the last of them resumes whoever waits for all. They may end
/// on another thread while more are being started.
struct meeting {
  std::coroutine_handle<> awaiting;
  std::atomic<std::size_t> left;

  bool is_last() noexcept { return left.fetch_sub(1, std::memory_order_acq_rel) == 1; }
};

/// On its end a task resumes its awaiter by symmetric transfer, so chains do not grow the stack.
struct final_awaiter {
  bool await_ready() noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
    auto next = ended.promise().continuation;
    if (meeting* at = ended.promise().ends_at; at != nullptr && at->is_last()) next = at->awaiting;
    return next ? next : std::noop_coroutine();
  }
  void await_resume() noexcept {}
};

struct promise_base {
  std::coroutine_handle<> continuation;
  meeting* ends_at = nullptr;  ///< instead of a continuation
  std::exception_ptr failure;

  std::suspend_always initial_suspend() noexcept { return {}; }
  final_awaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }
};

template <class T>
struct task_promise : promise_base {
  std::optional<T> value;
  task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
};

template <>
struct task_promise<void> : promise_base {
  task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() {
    if (failure) std::rethrow_exception(failure);
  }
};

/// Drives the current engine until `done` says so.
void drive(engine& engine, const bool& done);

template <class T>
class company;

}  // namespace detail

template <class T>
class [[nodiscard("a task does nothing until it is awaited or run")]] task {
 public:
  using promise_type = detail::task_promise<T>;

  task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~task() {
    if (handle_) handle_.destroy();
  }

  auto operator co_await() && noexcept {
    struct awaiter {
      std::coroutine_handle<promise_type> handle;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        handle.promise().continuation = awaiting;
        return handle;
      }
      T await_resume() { return handle.promise().take(); }
    };
    return awaiter{handle_};
  }

 private:
  friend promise_type;
  friend detail::company<T>;
  explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

/// A coroutine that starts at once and frees itself at its end.
struct detached {
  struct promise_type {
    detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

template <class T>
struct outcome {
  std::optional<storable<T>> value;
  std::exception_ptr failure;
};

template <class T, class Ended>
detached settle(task<T> work, outcome<T>& into, Ended ended) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(work);
      into.value.emplace();
    } else {
      into.value.emplace(co_await std::move(work));
    }
  } catch (...) {
    into.failure = std::current_exception();
  }
  ended();
}

/// Starts `work` inside a turn of the engine, so that its first stretch is measured and budgeted
/// like all the others.
template <class T>
task<T> begin_in_turn(task<T> work) {
  co_await sleep_for(std::chrono::nanoseconds::zero());
  co_return co_await std::move(work);
}

template <class T>
T unwrap(outcome<T>& from) {
  if (from.failure) std::rethrow_exception(from.failure);
  if constexpr (!std::is_void_v<T>) return std::move(*from.value);
}

}  // namespace detail

/// Runs `work` to its end on `engine`, which hosts this thread's loop meanwhile.
template <class T>
T run(engine& engine, task<T> work) {
  engine::scope scope(engine);
  detail::outcome<T> outcome;
  bool done = false;
  detail::settle(detail::begin_in_turn(std::move(work)), outcome, [&done] { done = true; });
  detail::drive(engine, done);
  return detail::unwrap(outcome);
}

/// The same on an engine of its own, or on the thread's current one if there is one.
template <class T>
T run(task<T> work) {
  if (engine* current = engine::current()) return run(*current, std::move(work));
  engine own;
  return run(own, std::move(work));
}

namespace detail {

/// Tasks that run at once, and what is awaited until all have ended. It owns them: they die with
/// it, which lies in the frame of the coroutine that waits.
template <class T>
class company {
 public:
  explicit company(std::vector<task<T>> works) : end_{{}, works.size() + 1} {
    members_.reserve(works.size());
    for (auto& work : works) members_.push_back(alone(std::move(work)));
  }

  bool await_ready() const noexcept { return members_.empty(); }
  bool await_suspend(std::coroutine_handle<> awaiting) {
    end_.awaiting = awaiting;
    for (auto& member : members_) {
      member.handle_.promise().ends_at = &end_;
      member.handle_.resume();
    }
    return !end_.is_last();  // the last part is ours: all may have ended without suspending
  }
  std::vector<task<T>>& await_resume() noexcept { return members_; }
  static T result_of(task<T>& ended) { return ended.handle_.promise().take(); }

 private:
  /// Keeps the result; the frame of `work`, with the files that it may hold, goes when that ends.
  static task<T> alone(task<T> work) {
    task<T> inner = std::move(work);
    co_return co_await std::move(inner);
  }

  meeting end_;
  std::vector<task<T>> members_;
};

}  // namespace detail

/// Runs all `works` at once and gives their results in order. When some fail, the others still run
/// to their end; then the first failure in order is thrown.
template <class T>
task<std::conditional_t<std::is_void_v<T>, void, std::vector<detail::storable<T>>>> gather(
    std::vector<task<T>> works) {
  detail::company<T> together(std::move(works));
  auto& ended = co_await together;
  if constexpr (std::is_void_v<T>) {
    for (auto& each : ended) together.result_of(each);
  } else {
    std::vector<T> results;
    results.reserve(ended.size());
    for (auto& each : ended) results.push_back(together.result_of(each));
    co_return results;
  }
}

}  // namespace ringfiles
