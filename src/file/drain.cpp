// How buffered bytes get into the file: in the background, one block at a time, in order.
#include <sys/epoll.h>

#include <algorithm>
#include <mutex>
#include <new>

#include "file/file_state.hpp"

namespace ringfiles::detail {

drain_result file_state::drain() noexcept {
  leave_to_parent();
  if (drain_) return drain_behind(), drain_result::waiting;
  // The one before it has failed, and it is on its way back.
  if (next_drain_) return drain_result::waiting;
  if (drain_error_) return drain_result::failed;
  if (writer_.empty()) return find_end_of_appended(), drain_result::idle;
  if (poll_ && poll_->watched) return drain_result::waiting;

  auto slot = std::make_unique<drain_slot>();
  backend::request& wanted = slot->wanted;
  const auto bytes = writer_.drain();
  address(wanted, opcode::write);
  wanted.offset = seekable() ? writer_.position() : backend::no_offset;
  // A stream is only ever written to from here, when it is ready, so in portions that may be.
  const std::size_t most = seekable() ? bytes.size() : engine_floor::max_inline_bytes;
  wanted.set_buffer(bytes.data(), std::min(bytes.size(), most));
  if (drain_inline(wanted)) return drain();
  if (drain_error_) return drain_result::failed;
  if (!seekable() && wait_until_ready(EPOLLOUT)) return drain_result::waiting;
  wanted.owner = this;
  wanted.ended = drain_ended;
  drain_ = std::move(slot);
  ++in_flight_;
  add_reference();  // the request's
  submit(wanted);
  return drain_result::waiting;
}

// A writer that is faster than its file: the thread that writes one block goes on with the next
// one at once, while the loop is told and fills another. A hop each (60 µs, in which nothing is
// written) would cost a fifth of the page cache's speed.
void file_state::drain_behind() noexcept {
  if (next_drain_ || drain_error_ || !seekable()) return;
  if (writer_.filled() < writer_.block_bytes() / 2) return;
  std::unique_ptr<drain_slot> slot(new (std::nothrow) drain_slot);
  if (!slot) return;
  backend::request& wanted = slot->wanted;
  address(wanted, opcode::write);
  wanted.offset = writer_.end_position() - writer_.filled();
  const auto bytes = writer_.seal();
  // Much is being written, and fast: the disk begins with it now, not only when a sync waits.
  wanted.start_writeback = bytes.size() >= stream::write_buffer::last_block_bytes / 2;
  wanted.set_buffer(bytes.data(), bytes.size());
  wanted.owner = this;
  wanted.ended = drain_ended;
  if (!core_->submit_behind(drain_->wanted, wanted)) return writer_.unseal();
  next_drain_ = std::move(slot);
  ++in_flight_;
  add_reference();  // the request's
}

/// True: something was written, ask again. False: it would have to wait, or failed.
bool file_state::drain_inline(backend::request& wanted) noexcept {
  if (wanted.size > engine_floor::max_inline_bytes || !core_->allows_inline()) return false;
  const std::int64_t result = core_->try_inline(wanted);
  if (result == backend::would_wait || result == 0) return false;
  if (result < 0) {
    drain_error_ = code_of(result);
    return false;
  }
  account_written(static_cast<std::size_t>(result));
  return true;
}

// An append leaves the position behind its bytes, as lseek(2) would tell: a read that follows finds
// nothing, a truncate() cuts nothing off. Where the size is not to be had at once (a network file
// system), the place where the bytes would be without the append is kept.
void file_state::find_end_of_appended() noexcept {
  if (!std::exchange(appended_, false) || !seekable()) return;
  backend::request wanted;
  address(wanted, opcode::size);
  if (const std::int64_t size = core_->try_inline(wanted); size >= 0)
    writer_.start_at(static_cast<std::uint64_t>(size));
}

// What could not be written stays in the buffer: the error is reported once, by the next write,
// flush or close, and each later one tries again.
void file_state::account_drained(const backend::request& ended) noexcept {
  if (ended.result == backend::interrupted_by_fork) return;  // the parent writes it
  account_written(ended.moved);
  if (ended.result < 0) drain_error_ = code_of(ended.result);
}

// In order: what follows ends after what it follows, except in a forked child.
std::unique_ptr<file_state::drain_slot> file_state::take_drain(
    const backend::request& ended) noexcept {
  if (next_drain_ && &ended == &next_drain_->wanted) {
    writer_.unseal();  // not made, because the one before it failed
    return std::move(next_drain_);
  }
  std::unique_ptr<drain_slot> slot = std::move(drain_);
  account_drained(ended);
  if (next_drain_ && ended.result >= 0 && writer_.pending() == 0) {
    writer_.drain();
    drain_ = std::move(next_drain_);
  }
  return slot;
}

void file_state::drain_ended(backend::request& ended) noexcept {
  file_state& file = *static_cast<file_state*>(ended.owner);
  {
    std::lock_guard lock(file.mutex_);
    const std::unique_ptr<drain_slot> slot = file.take_drain(ended);
    // A block that filled up meanwhile goes out at once.
    if (!file.drain_error_ && file.writer_.full()) file.drain();
    file.request_ended();
  }
  file.drop_reference();
}

}  // namespace ringfiles::detail
