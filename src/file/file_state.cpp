#include "file/file_state.hpp"

#include <fcntl.h>

#include <mutex>
#include <new>
#include <utility>

#include "file/calls.hpp"
#include "sys/calls.hpp"

namespace ringfiles::detail {

bool find_file_codec(const encoding& wanted, text_errors errors,
                     const text::codec*& found) noexcept {
  found = nullptr;
  if (errors == text_errors::strict && wanted.name() == "utf-8") return true;
  const text::codec* named = text::find_codec(wanted.name());
  if (named == nullptr || !text::is_available(*named)) return false;
  if (errors != text_errors::strict || !text::is_plain_utf8(*named)) found = named;
  return true;
}

file_state::file_state(std::shared_ptr<engine_core> core, opened what)
    : core_(std::move(core)),
      what_(std::move(what)),
      mutex_(core_->concurrent()),
      writer_(what_.options.buffer_bytes) {
  if (what_.codec != nullptr && what_.mode.readable)
    decoded_ = std::make_unique<decoded_text>(*what_.codec, what_.options.errors);
  if (what_.codec != nullptr && what_.mode.writable)
    encoder_ = std::make_unique<text::text_encoder>(*what_.codec, what_.options.errors);
  if (what_.options.buffering == buffering::automatic && what_.mode.text && what_.mode.writable &&
      S_ISCHR(what_.facts.mode) && sys::is_terminal(what_.fd))
    what_.options.buffering = buffering::lines;
  core_->descriptor_taken();
  if (what_.mode.append) set_position(what_.facts.size);
}

void file_state::enqueue(queued_call& call) noexcept { queue_.push(&call); }

bool file_state::dequeue(queued_call& call) noexcept { return queue_.remove(&call); }

namespace {

progress attempt(queued_call& call) noexcept {
  try {
    return call.attempt();
  } catch (const std::bad_alloc&) {
    return call.run_out_of_memory();
  }
}

}  // namespace

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
    core_->charge(engine_floor::buffer_cost_ns);
    tried_ = front;
    const progress made = attempt(*front);
    tried_ = nullptr;
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

void file_state::address(backend::request& wanted, opcode code) noexcept {
  wanted.code = code;
  wanted.fd = what_.fd;
  wanted.on = what_.on;
  wanted.flags = what_.mode.flags;
  wanted.facts = &what_.facts;
}

void file_state::consume(std::size_t count) noexcept {
  if (decoded_)
    decoded_->consume(count, reader_);
  else
    reader_.consume(count);
  checked_ = checked_ > count ? checked_ - count : 0;
  line_scan_ = 0;
}

void file_state::give_back(std::string_view bytes) noexcept {
  if (decoded_)
    decoded_->unread(bytes);
  else
    reader_.unread(bytes);
  checked_ = 0;
  line_scan_ = 0;
  // Bytes are looked at again. Text was noted when it was decoded, and what follows is the same.
  if (!decoded_) line_ends_met_.move_elsewhere();
}

void file_state::forget_buffered(std::uint64_t position) noexcept {
  stop_reading_ahead();
  reader_.reset(position);
  if (decoded_) decoded_->start_anew(decoded_->state_at(position));
  in_order_ = false;
  checked_ = 0;
  line_scan_ = 0;
  line_ends_met_.move_elsewhere();
}

void file_state::forget_read_ahead() noexcept {
  if (writing_) return;
  const file_place here = exact_place();
  forget_buffered(here.byte);
  go_to(here);
}

void file_state::set_position(std::uint64_t position) noexcept {
  go_to({position, decoded_ ? decoded_->state_at(position) : std::uint8_t{0}});
}

void file_state::go_to(const file_place& place) noexcept {
  if (!writing_ && reader_.seek(place.byte)) {
    checked_ = 0;
    line_scan_ = 0;
    line_ends_met_.move_elsewhere();
  } else {
    writing_ = false;
    forget_buffered(place.byte);
  }
  if (decoded_) decoded_->start_anew(place.state, place.text);
}

drain_result file_state::prepare_to_read() {
  if (!writing_) return drain_result::idle;
  const drain_result drained = drain();
  if (drained != drain_result::idle) return drained;
  writing_ = false;
  forget_buffered(writer_.end_position());
  return drain_result::idle;
}

// What was accepted before a fork is written by the parent: by the child as well, it would be in
// the file twice, as with stdio. The child goes on behind it.
void file_state::leave_to_parent() noexcept {
  const std::uint32_t now = base::process_generation();
  if (std::exchange(generation_, now) == now) return;
  writer_.discard();
  drain_error_ = {};
}

void file_state::prepare_to_write() noexcept {
  leave_to_parent();
  if (writing_) return;
  const std::uint64_t position = this->position();
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

// There is no loop left that could be held up. A write that failed before is tried once more, as by
// any close: if that works, nothing was lost.
failure_code file_state::write_without_engine() noexcept {
  failure_code met = take_drain_error();
  while (!writer_.empty() && !drain_ && !next_drain_) {
    const auto bytes = writer_.drain();
    backend::request wanted;
    address(wanted, opcode::write);
    wanted.offset = seekable() ? writer_.position() : backend::no_offset;
    wanted.set_buffer(bytes.data(), bytes.size());
    core_->serve_blocking(wanted);
    writer_.written(wanted.moved);
    if (wanted.result < 0) return code_of(wanted.result);
    if (wanted.moved == 0) return std::make_error_code(std::errc::io_error);
    met = {};
  }
  return writer_.empty() ? met : errc::engine_ended;
}

failure_code file_state::close_without_engine() noexcept {
  leave_to_parent();
  failure_code met = write_without_engine();
  if (poll_) core_->unwatch(*poll_);
  // What the kernel still has of this file keeps the descriptor: its number must not be used anew.
  if (!quiet() || reading_ahead()) return errc::engine_ended;
  if (what_.close_descriptor) {
    backend::request wanted;
    address(wanted, opcode::close);
    core_->serve_blocking(wanted);
    if (!met && wanted.result < 0) met = code_of(wanted.result);
  }
  writer_.discard();
  closed();
  return met ? met : sync_error_;
}

}  // namespace ringfiles::detail
