// How bytes get into a file's read buffer: inline while they are cached, else one chunk ahead.
#include <sys/epoll.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "file/file_state.hpp"
#include "sys/calls.hpp"

namespace ringfiles::detail {
namespace {

/// A cached chunk is copied on the loop's thread, and stays in the L2 cache for whoever reads them
/// next: 64 KiB, in about 8 us, and twice as much once a file is being read from end to end. A call
/// costs 0.7 us beside its bytes: 4 KiB take 197 ns in chunks of 64 KiB, 178 in 128, 164 in 256,
/// which is not worth the memory of many files that are read at the same time.
constexpr std::size_t inline_chunk_bytes = 64 * 1024;
constexpr std::size_t next_inline_chunk_bytes = 128 * 1024;
/// A chunk that is read ahead grows from the one to the other while the file proves to be cold. The
/// ring takes the smaller ones, and copies them on the loop's thread; the largest are the pool's,
/// which copies beside the loop: 1.09 of cat's rate where chunks of 256 KiB reach 0.93.
constexpr std::size_t first_chunk_bytes = 64 * 1024;
constexpr std::size_t last_chunk_bytes = 512 * 1024;
/// After this many inline misses in a row (8 µs each), rung 1 is skipped …
constexpr unsigned misses_until_cold = 3;
/// … except for one look in so many fills, since a cold file may become a cached one.
constexpr unsigned fills_between_looks = 32;
constexpr std::size_t page_bytes = 4096;

}  // namespace

file_state::~file_state() {
  delete fill_;
  if (is_open()) close_without_engine();
}

bool file_state::tries_inline() noexcept {
  if (!seekable() || misses_ < misses_until_cold) return true;
  if (++skipped_ < fills_between_looks) return false;
  skipped_ = 0;
  return true;
}

std::size_t file_state::most_inline() const noexcept {
  return in_order_ ? next_inline_chunk_bytes : inline_chunk_bytes;
}

/// A small file needs no large buffer; one byte more than its size shows its end at once.
std::size_t file_state::chunk_bytes() const noexcept {
  const std::uint64_t end = what_.facts.size;
  const std::uint64_t at = reader_.end_position();
  const std::size_t most = std::min(most_inline(), most_filled_);
  if (what_.facts.size == 0 || end < at) return most;
  const std::uint64_t left = (end - at) / page_bytes * page_bytes + page_bytes;
  return static_cast<std::size_t>(std::min<std::uint64_t>(left, most));
}

fill_result file_state::fill() {
  if (fill_ != nullptr) return fill_->ready ? accept_chunk() : fill_result::waiting;
  if (poll_ && poll_->watched) return fill_result::waiting;
  if (!core_->allows_inline()) {
    go_on_next_turn();
    return fill_result::waiting;
  }
  if (!std::exchange(missed_, false) && tries_inline()) {
    const fill_result tried = fill_inline();
    if (tried != fill_result::waiting) return tried;
    if (!seekable() && wait_until_ready(EPOLLIN)) return fill_result::waiting;
  }
  return fill_later();
}

bool file_state::fill_at_once() noexcept {
  if (fill_ != nullptr || !seekable() || !tries_inline()) return false;
  try {
    const fill_result made = fill_inline();
    missed_ = made == fill_result::waiting;
    fill_error_ = {};  // the call that follows meets it again
    return made == fill_result::filled;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

/// Below this, filling the buffer serves the calls to come as well.
constexpr std::size_t least_direct_bytes = 16 * 1024;

std::size_t file_state::read_past_buffer(std::span<std::byte> into, std::size_t most) noexcept {
  if (into.size() < least_direct_bytes || !can_pass_buffer() || misses_ >= misses_until_cold ||
      !core_->allows_inline())
    return 0;
  backend::request wanted;
  address(wanted, opcode::read);
  wanted.offset = reader_.position();
  wanted.set_buffer(into.data(), std::min(into.size(), most));
  const std::int64_t result = core_->try_inline(wanted);
  if (result == backend::would_wait) ++misses_;
  if (result <= 0) return 0;  // fill() meets the end, or the error, again
  misses_ = 0;
  forget_buffered(wanted.offset + static_cast<std::size_t>(result));
  return static_cast<std::size_t>(result);
}

fill_result file_state::fill_inline() {
  const auto space = reader_.prepare(chunk_bytes());
  backend::request wanted;
  address(wanted, opcode::read);
  wanted.offset = seekable() ? reader_.end_position() : backend::no_offset;
  wanted.set_buffer(space.data(), std::min({space.size(), most_inline(), most_filled_}));
  const std::int64_t result = core_->try_inline(wanted);
  if (result == backend::would_wait) {
    ++misses_;
    return fill_result::waiting;
  }
  if (result < 0) {
    fill_error_ = code_of(result);
    return fill_result::failed;
  }
  misses_ = 0;
  growth_ = 0;
  reader_.commit(static_cast<std::size_t>(result));
  in_order_ = static_cast<std::size_t>(result) >= inline_chunk_bytes;
  return result > 0 ? fill_result::filled : found_end();
}

/// A file that was read to its end, and stays open, needs no memory.
fill_result file_state::found_end() noexcept {
  reader_.release();
  if (decoded_) decoded_->release();
  return fill_result::at_end;
}

fill_result file_state::fill_later() {
  std::size_t bytes = std::min(first_chunk_bytes << growth_, last_chunk_bytes);
  if (bytes < last_chunk_bytes) {
    ++growth_;
    const bool in_order = first_chunk_bytes << growth_ == last_chunk_bytes;  // and cold, so far
    if (in_order && seekable()) sys::expect_sequential(what_.fd);
  }
  bytes = std::min(bytes, most_filled_);
  auto slot = std::make_unique<fill_slot>();
  slot->file = this;
  slot->chunk = base::block(stream::headroom_bytes + bytes);
  fill_ = slot.release();
  backend::request& wanted = fill_->wanted;
  address(wanted, opcode::read);
  wanted.whole = false;
  wanted.offset = seekable() ? reader_.end_position() : backend::no_offset;
  wanted.set_buffer(fill_->chunk.data() + stream::headroom_bytes, bytes);
  wanted.owner = fill_;
  wanted.ended = fill_ended;
  ++fills_in_flight_;
  add_reference();  // the request's
  submit(wanted);
  return fill_result::waiting;
}

void file_state::fill_ended(backend::request& ended) noexcept {
  auto* slot = static_cast<fill_slot*>(ended.owner);
  file_state& file = *slot->file;
  {
    std::lock_guard lock(file.mutex_);
    --file.fills_in_flight_;
    if (slot->orphaned)
      delete slot;
    else
      slot->ready = true;
    file.advance();
  }
  file.drop_reference();
}

fill_result file_state::accept_chunk() {
  const std::unique_ptr<fill_slot> slot(std::exchange(fill_, nullptr));
  const std::int64_t result = slot->wanted.result;
  if (result < 0) {
    fill_error_ = code_of(result);
    return fill_result::failed;
  }
  if (result == 0) return found_end();
  const auto count = static_cast<std::size_t>(result);
  reader_.accept(std::move(slot->chunk), count);
  // The next chunk is asked for while the caller chews this one. A short one may have been the
  // last; and now and then nothing is asked for, so that fill() looks whether the file is cached.
  const bool cold = misses_ >= misses_until_cold && !is_unbuffered();
  if (cold && seekable() && count == slot->wanted.size && ++skipped_ < fills_between_looks)
    fill_later();
  return fill_result::filled;
}

void file_state::stop_reading_ahead() noexcept {
  if (poll_) core_->unwatch(*poll_);
  if (fill_ == nullptr) return;
  fill_slot* slot = std::exchange(fill_, nullptr);
  if (slot->ready) {
    delete slot;
    return;
  }
  slot->orphaned = true;
  core_->park(slot->wanted);
  core_->cancel(slot->wanted);
}

bool file_state::wait_until_ready(std::uint32_t events) noexcept {
  if (!poll_) {
    poll_ = std::make_unique<poll_waiter>();
    poll_->hold = [](void* self) noexcept { static_cast<file_state*>(self)->add_reference(); };
    poll_->ready = became_ready;
    poll_->owner = this;
    poll_->fd = what_.fd;
  }
  poll_->events = events;
  // EPERM: not pollable (a character device that never waits): the pool asks.
  if (core_->watch(*poll_) != 0) return false;
  core_->count(rung::poll);
  return true;
}

void file_state::became_ready(void* self) noexcept {
  auto& file = *static_cast<file_state*>(self);
  {
    std::lock_guard lock(file.mutex_);
    // Accepted bytes go out even if the call that waited for it was withdrawn.
    if (!file.writer_.empty() && !file.drain_error_) file.drain();
    file.advance();
  }
  file.drop_reference();
}

}  // namespace ringfiles::detail
