// One asynchronous call as the doors see it: try it now, else start it, then take what it gave.
//
// A call lives in a block of its own, counted by reference, never in a coroutine frame: the
// awaiting coroutine may be destroyed, or told "cancelled", while the kernel still works for it.
// Users do not meet this class; they meet `operation<T>`, which holds a reference to one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

#include "ringfiles/error.hpp"

namespace ringfiles {
class engine;
}

namespace ringfiles::detail {

class engine_core;

/// What runs when a started call has ended. Invoked exactly once, from run_completions() of the
/// call's engine, with no lock held.
struct continuation {
  void (*resume)(void* context) noexcept = nullptr;
  void* context = nullptr;
};

/// A std::error_code that costs nothing while there is no error: constructing one of those is a
/// function call, and a line from a buffer is not worth many of them.
class failure_code {
 public:
  constexpr failure_code() noexcept = default;
  failure_code(std::error_code code) noexcept : value_(code.value()), category_(&code.category()) {}
  failure_code(errc code) noexcept : failure_code(make_error_code(code)) {}
  constexpr explicit operator bool() const noexcept { return value_ != 0; }
  operator std::error_code() const noexcept {
    return category_ == nullptr ? std::error_code() : std::error_code(value_, *category_);
  }

 private:
  int value_ = 0;
  const std::error_category* category_ = nullptr;
};

class call_base {
 public:
  call_base(const call_base&) = delete;
  call_base& operator=(const call_base&) = delete;

  /// Small blocks come from a per-thread cache: a call is made for each read of a cached page.
  static void* operator new(std::size_t bytes);
  static void operator delete(void* block, std::size_t bytes) noexcept;

  /// Attempts the call without waiting for anything. True: it has ended; take the result.
  /// False: call start(). When the engine has ended no call waits: all but a close fail here.
  virtual bool try_now() = 0;
  /// Ends the call instead of trying it. REQUIRES: it is bound.
  void end_untried(std::errc why) noexcept;
  /// Starts a call that could not end at once; `then` runs when it has ended.
  /// REQUIRES: try_now() has just returned false.
  void start(continuation then);
  /// Asks the call to end early with `why`. The awaiter is resumed soon, in a later turn; the
  /// kernel may go on, into buffers that stay ours. SAFETY: any thread.
  void cancel(std::errc why = std::errc::operation_canceled) noexcept;
  /// The awaiter is gone: nobody is to be resumed. Cancels what can be cancelled.
  void abandon() noexcept;

  /// For calls that are not bound to an open file yet: the engine to run on.
  virtual void bind(engine_core& core) { core_ = &core; }
  bool bound() const noexcept { return core_ != nullptr; }
  engine_core* core() const noexcept { return core_; }
  void set_timeout(std::chrono::nanoseconds timeout) noexcept { timeout_ = timeout; }

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  /// A sole owner need not pay for a locked instruction: nobody else is left who could add one.
  void drop_reference() noexcept {
    if (references_.load(std::memory_order_acquire) == 1 ||
        references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      retire();
  }
  void destroy() noexcept { delete this; }

  std::error_code failure() const noexcept { return failure_; }
  /// The failure as the exception that the awaiting side throws.
  error make_error() const;

 protected:
  call_base() = default;
  virtual ~call_base() = default;

  /// The last reference is gone. A call that is often made may be kept for the next time.
  virtual void retire() noexcept { destroy(); }
  /// Makes an ended call the first reference of its next life again.
  void renew() noexcept {
    references_.store(1, std::memory_order_relaxed);
    timeout_ = std::chrono::nanoseconds(-1);
    settled_ = false;
  }
  /// Nothing was left to chance: it ended at once, well, and nobody but its maker ever knew it.
  bool ended_at_once() const noexcept { return settled_ && !started_ && !failure_ && !exception_; }

  virtual const char* name() const noexcept = 0;
  virtual std::string path() const = 0;
  virtual std::string hint() const { return {}; }
  virtual std::optional<std::uint64_t> error_position() const { return {}; }

  /// Puts the call on its way. It ends through settle(), in this turn or a later one.
  virtual void begin() = 0;
  /// In a turn of the engine, or when the awaiter is gone: if the call has not ended yet, end it
  /// with `why`, consuming nothing, and take it out of whatever it waits in. What the kernel has
  /// begun goes on in memory that is not the caller's.
  virtual void withdraw(std::error_code why) noexcept = 0;

  /// The outcome is fixed: have it delivered. REQUIRES: the lock that guards this call.
  void settle() noexcept;

  friend class engine_core;

  engine_core* core_ = nullptr;
  failure_code failure_;
  std::exception_ptr exception_;  ///< what a job threw
  continuation then_;
  std::chrono::nanoseconds timeout_{-1};  ///< below zero: no deadline
  call_base* next_ended_ = nullptr;       ///< link in the engine's list of ended calls
  call_base* next_cancelled_ = nullptr;   ///< link in the engine's list of calls to withdraw
  void* deadline_ = nullptr;              ///< the engine's timer entry
  std::errc cancel_reason_{};
  std::atomic<bool> cancel_asked_{false};
  bool started_ = false;
  bool settled_ = false;  ///< guarded by whatever guards the call: its file, or the engine
  bool abandoned_ = false;

 private:
  std::atomic<std::uint32_t> references_{1};  ///< one for whoever made it
};

/// `void` results travel as this.
using nothing = std::monostate;
template <class T>
using storable = std::conditional_t<std::is_void_v<T>, nothing, T>;

template <class T>
class call : public call_base {
 public:
  /// The result; throws `error` if the call failed. REQUIRES: the call has ended.
  T take() {
    if (exception_) std::rethrow_exception(exception_);
    if (failure_) throw make_error();
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }

 protected:
  std::optional<storable<T>> value_;
};

/// A counted reference to a call.
template <class Call>
class call_reference {
 public:
  call_reference() = default;
  explicit call_reference(Call* call) noexcept : call_(call) { call_->add_reference(); }
  /// Takes over the reference that a new call comes with.
  static call_reference adopt(Call* fresh) noexcept {
    call_reference reference;
    reference.call_ = fresh;
    return reference;
  }
  call_reference(call_reference&& other) noexcept : call_(std::exchange(other.call_, nullptr)) {}
  call_reference(const call_reference& other) noexcept : call_(other.call_) {
    if (call_ != nullptr) call_->add_reference();
  }
  call_reference& operator=(call_reference other) noexcept {
    std::swap(call_, other.call_);
    return *this;
  }
  ~call_reference() {
    if (call_ != nullptr) call_->drop_reference();
  }

  Call* get() const noexcept { return call_; }
  Call* operator->() const noexcept { return call_; }
  explicit operator bool() const noexcept { return call_ != nullptr; }

 private:
  Call* call_ = nullptr;
};

}  // namespace ringfiles::detail
