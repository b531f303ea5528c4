// A started operation that somebody waits for: a handler, or a suspended coroutine.
#pragma once

#include <atomic>
#include <memory>
#include <system_error>
#include <utility>

#include "ringfiles/detail/call.hpp"

namespace ringfiles::asio_door {

class engine_service;

/// How a handler gets to its executor: `dispatch` may run it at once, on the thread that has just
/// taken its completion; `post` never does.
enum class delivery { dispatch, post };

class pending {
 public:
  pending(const pending&) = delete;

  /// The call has ended: hands its outcome to the handler, and forgets `this`.
  virtual void deliver(delivery how) = 0;
  /// The context is going away: destroys the handler without calling it, and forgets `this`.
  virtual void discard() noexcept = 0;

 protected:
  explicit pending(detail::call_base* call) noexcept : call_(call) {}
  ~pending() = default;

 private:
  friend class engine_service;
  friend class pending_list;

  detail::call_base* call_;  ///< kept alive by whoever derives from this
  engine_service* service_ = nullptr;
  pending* previous_ = nullptr;
  pending* next_ = nullptr;
  /// The end of the initiation and the end of the call, which may happen on two threads at once:
  /// the later of the two delivers.
  std::atomic<int> steps_left_{2};
};

/// A queue that gives up any of its members.
class pending_list {
 public:
  pending_list() = default;
  pending_list(pending_list&& other) noexcept
      : first_(std::exchange(other.first_, nullptr)), last_(std::exchange(other.last_, nullptr)) {}
  /// Handlers that could not be delivered are destroyed.
  ~pending_list() {
    while (pending* left = pop()) left->discard();
  }

  bool empty() const noexcept { return first_ == nullptr; }
  void push(pending& added) noexcept {
    added.previous_ = last_;
    added.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &added;
    last_ = &added;
  }
  void remove(pending& removed) noexcept {
    (removed.previous_ != nullptr ? removed.previous_->next_ : first_) = removed.next_;
    (removed.next_ != nullptr ? removed.next_->previous_ : last_) = removed.previous_;
  }
  pending* pop() noexcept {
    pending* front = first_;
    if (front != nullptr) remove(*front);
    return front;
  }
  pending* pop_second() noexcept {
    pending* second = first_ == nullptr ? nullptr : first_->next_;
    if (second != nullptr) remove(*second);
    return second;
  }

 private:
  pending* first_ = nullptr;
  pending* last_ = nullptr;
};

/// What a cancellation slot holds. The signal may outlive the context and its engine.
class canceller {
 public:
  canceller(const detail::call_base* call, std::weak_ptr<void> engine) noexcept
      : call_(const_cast<detail::call_base*>(call)), engine_(std::move(engine)) {}

  /// Any type of cancellation will do: a cancelled read consumes nothing, a write is whole or not.
  template <class CancellationType>
  void operator()(CancellationType) noexcept {
    if (const auto alive = engine_.lock()) call_->cancel(std::errc::operation_canceled);
  }

 private:
  detail::call_reference<detail::call_base> call_;
  std::weak_ptr<void> engine_;
};

}  // namespace ringfiles::asio_door
