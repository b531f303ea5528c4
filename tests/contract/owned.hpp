// A coroutine that dies before it has ended.
#pragma once

#include <coroutine>
#include <utility>

namespace ringfiles::contract {

/// A coroutine that starts at once and whose frame dies with its owner, wherever it is suspended.
class owned {
 public:
  struct promise_type {
    owned get_return_object() {
      return owned(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept {}
  };
  explicit owned(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  owned(owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  ~owned() {
    if (handle_) handle_.destroy();
  }
  bool done() const { return handle_.done(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace ringfiles::contract
