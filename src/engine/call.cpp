#include "ringfiles/detail/call.hpp"

#include <array>
#include <new>

#include "engine/engine_core.hpp"

namespace ringfiles::detail {
namespace {

// A call per cached read: malloc would be a tenth of its cost. Blocks are kept per thread and size
// class; a block freed on another thread simply joins that thread's list.
constexpr std::size_t class_bytes = 64;
constexpr std::size_t classes = 8;
constexpr std::size_t most_kept = 64;

struct kept_block {
  kept_block* next;
};

struct block_cache {
  std::array<kept_block*, classes> heads{};
  std::array<std::size_t, classes> counts{};
  ~block_cache() {
    for (std::size_t i = 0; i < classes; ++i) {
      while (heads[i] != nullptr) ::operator delete(std::exchange(heads[i], heads[i]->next));
      counts[i] = most_kept;  // objects that outlive their thread's end find nothing, and it full
    }
  }
};

thread_local block_cache cache;

std::size_t class_of(std::size_t bytes) noexcept { return (bytes - 1) / class_bytes; }

}  // namespace

void* call_base::operator new(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= classes) return ::operator new(bytes);
  kept_block*& head = cache.heads[size_class];
  if (head == nullptr) return ::operator new((size_class + 1) * class_bytes);
  --cache.counts[size_class];
  return std::exchange(head, head->next);
}

void call_base::operator delete(void* block, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= classes || cache.counts[size_class] >= most_kept)
    return ::operator delete(block);
  ++cache.counts[size_class];
  cache.heads[size_class] = new (block) kept_block{cache.heads[size_class]};
}

void call_base::end_untried(std::errc why) noexcept {
  failure_ = std::make_error_code(why);
  settled_ = true;
  core_->count_cancelled();
}

void call_base::start(continuation then) {
  // A turn on another thread may end, deliver and release the call before begin() has returned.
  const call_reference<call_base> self(this);
  then_ = then;
  started_ = true;
  core_->call_started(*this);
  begin();
}

void call_base::settle() noexcept {
  settled_ = true;
  core_->call_settled(*this);
}

void call_base::cancel(std::errc why) noexcept {
  if (core_ != nullptr) core_->ask_cancel(*this, why);
}

void call_base::abandon() noexcept {
  then_ = {};
  abandoned_ = true;
  withdraw(std::make_error_code(std::errc::operation_canceled));
}

error call_base::make_error() const {
  error made(failure_, name(), path(), hint());
  if (const auto position = error_position()) made.set_position(*position);
  return made;
}

}  // namespace ringfiles::detail
