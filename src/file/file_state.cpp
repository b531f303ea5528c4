#include "file/file_state.hpp"

#include <fcntl.h>

#include <mutex>
#include <utility>

#include "file/calls.hpp"
#include "sys/calls.hpp"

namespace ringfiles::detail {

file_state::file_state(std::shared_ptr<engine_core> core, opened what)
    : core_(std::move(core)),
      what_(std::move(what)),
      mutex_(core_->concurrent()),
      writer_(what_.options.buffer_bytes) {
  if (what_.mode.append) set_position(what_.facts.size);
}

void file_state::enqueue(queued_call& call) noexcept { queue_.push(&call); }

bool file_state::dequeue(queued_call& call) noexcept { return queue_.remove(&call); }

// `advancing_`: a call that ends may start nothing itself, but an inline request that it makes can
// end at once and come back here.
void file_state::advance() noexcept {
  if (advancing_) return;
  advancing_ = true;
  while (queued_call* front = queue_.front()) {
    if (!core_->allows_inline()) {
      go_on_next_turn();
      break;
    }
    const progress made = front->attempt();
    if (made == progress::waiting) break;
    queue_.pop();
    front->left_queue(made);
  }
  advancing_ = false;
}

/// The list of the engine holds a reference.
void file_state::go_on_next_turn() noexcept {
  add_reference();
  if (!core_->yield(*this)) drop_reference();
}

void file_state::resume_work() noexcept {
  {
    std::lock_guard lock(mutex_);
    advance();
  }
  drop_reference();  // the list's
}

void file_state::address(backend::request& wanted, opcode code) const noexcept {
  wanted.code = code;
  wanted.fd = what_.fd;
  wanted.on = what_.on;
  wanted.flags = what_.mode.flags;
}

void file_state::consume(std::size_t count) noexcept {
  reader_.consume(count);
  checked_ = checked_ > count ? checked_ - count : 0;
  line_scan_ = 0;
}

void file_state::give_back(std::string_view bytes) noexcept {
  reader_.unread(bytes);
  checked_ = 0;
  line_scan_ = 0;
}

void file_state::forget_buffered(std::uint64_t position) noexcept {
  stop_reading_ahead();
  reader_.reset(position);
  checked_ = 0;
  line_scan_ = 0;
}

void file_state::set_position(std::uint64_t position) noexcept {
  if (!writing_ && reader_.seek(position)) {
    checked_ = 0;
    line_scan_ = 0;
    return;
  }
  writing_ = false;
  forget_buffered(position);
}

drain_result file_state::prepare_to_read() {
  if (!writing_) return drain_result::idle;
  const drain_result drained = drain();
  if (drained != drain_result::idle) return drained;
  writing_ = false;
  forget_buffered(writer_.end_position());
  return drain_result::idle;
}

void file_state::prepare_to_write() noexcept {
  if (writing_) return;
  const std::uint64_t position = reader_.position();
  forget_buffered(position);
  writer_.start_at(position);
  writing_ = true;
}

// ---- The end ------------------------------------------------------------------------------------

void file_state::handle_dropped() noexcept {
  if (!is_open()) return drop_reference();
  if (core_->is_shut_down()) {
    close_without_engine();
    return drop_reference();
  }
  close_in_background(*this);
  drop_reference();
}

// Only when the engine is gone: there is no loop left that could be held up.
void file_state::close_without_engine() noexcept {
  while (!writer_.empty()) {
    const auto bytes = writer_.drain();
    const iovec part{bytes.data(), bytes.size()};
    const auto offset = seekable() ? static_cast<off_t>(writer_.position()) : -1;
    const auto moved = sys::write_parts(what_.fd, &part, 1, offset, 0);
    if (moved <= 0) break;
    writer_.written(static_cast<std::size_t>(moved));
  }
  sys::close_file(std::exchange(what_.fd, -1));
}

}  // namespace ringfiles::detail
