// A first-in first-out queue through a link inside the elements: it never allocates.
//
// SAFETY: none of its own; the owner locks.
#pragma once

#include <cstddef>
#include <utility>

namespace ringfiles::base {

template <class T, T* T::* Link>
class intrusive_queue {
 public:
  intrusive_queue() = default;
  intrusive_queue(intrusive_queue&& other) noexcept
      : head_(std::exchange(other.head_, nullptr)),
        tail_(std::exchange(other.tail_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  intrusive_queue& operator=(intrusive_queue&&) = delete;

  bool empty() const noexcept { return head_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  T* front() const noexcept { return head_; }

  void push(T* element) noexcept {
    element->*Link = nullptr;
    (tail_ == nullptr ? head_ : tail_->*Link) = element;
    tail_ = element;
    ++size_;
  }

  T* pop() noexcept {
    T* element = head_;
    if (element == nullptr) return nullptr;
    head_ = element->*Link;
    if (head_ == nullptr) tail_ = nullptr;
    element->*Link = nullptr;
    --size_;
    return element;
  }

  /// Linear. True if it was there.
  bool remove(T* element) noexcept {
    T* before = nullptr;
    for (T* at = head_; at != nullptr; before = at, at = at->*Link) {
      if (at != element) continue;
      (before == nullptr ? head_ : before->*Link) = at->*Link;
      if (tail_ == at) tail_ = before;
      at->*Link = nullptr;
      --size_;
      return true;
    }
    return false;
  }

  void append(intrusive_queue&& other) noexcept {
    while (T* element = other.pop()) push(element);
  }

 private:
  T* head_ = nullptr;
  T* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ringfiles::base
