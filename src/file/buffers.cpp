#include "ringfiles/detail/buffers.hpp"

#include <algorithm>
#include <utility>

#include "file/calls.hpp"
#include "file/file_state.hpp"
#include "sys/calls.hpp"
#include "text/newlines.hpp"

namespace ringfiles::detail {

file_buffers::file_buffers(const file& of) noexcept : state_(file_state::of(of)) {}

bool file_buffers::is_free() const noexcept {
  if (state_ == nullptr || !state_->is_open() || state_->closing()) return false;
  if (state_->core().is_shut_down()) return false;
  state_->core().check_fork();
  return !state_->has_queue() && state_->core().allows_inline();
}

bool file_buffers::may_read() const noexcept {
  return is_free() && !state_->writing() && state_->about().mode.readable;
}

std::string_view file_buffers::readable() const noexcept {
  return may_read() ? state_->reader().bytes() : std::string_view();
}

bool file_buffers::fetch() noexcept { return may_read() && state_->fill_at_once(); }

lines file_buffers::whole_lines(newline mode, std::size_t most) const noexcept {
  const std::string_view all_bytes = readable();
  for (most = std::max<std::size_t>(most, 1);; most *= 4) {
    const std::string_view bytes = all_bytes.substr(0, most);
    const newline effective = text::effective_newline(bytes, mode);
    const std::size_t end = text::end_of_last_line(bytes, effective, false);
    if (end > 0 || bytes.size() == all_bytes.size())
      return {nullptr, bytes.substr(0, end), effective};
  }
}

void file_buffers::consume(std::size_t bytes, std::size_t reads) noexcept {
  engine_core& core = state_->core();
  state_->consume(bytes);
  core.charge(static_cast<std::int64_t>(reads) * engine_floor::buffer_cost_ns);
  core.charge_copy(bytes);
  core.count(rung::buffer, reads);
}

void file_buffers::forget() noexcept {
  if (state_ != nullptr && state_->is_open() && !state_->has_queue() && state_->seekable())
    state_->forget_read_ahead();
}

bool file_buffers::write(std::string_view bytes) {
  if (!is_free() || !state_->about().mode.writable || state_->has_drain_error()) return false;
  state_->prepare_to_write();
  auto& writer = state_->writer();
  if (!writer.fits(bytes.size())) return false;
  writer.take(bytes);
  engine_core& core = state_->core();
  core.charge(engine_floor::buffer_cost_ns);
  core.charge_copy(bytes.size());
  core.count(rung::buffer);
  if (writer.full()) state_->drain();
  return true;
}

std::optional<std::uint64_t> file_buffers::position() const noexcept {
  if (!is_free() || !state_->seekable()) return std::nullopt;
  return state_->position();
}

std::size_t file_buffers::chosen_bytes() const noexcept {
  return state_ == nullptr ? 0 : state_->about().options.buffer_bytes;
}

bool file_buffers::appends() const noexcept {
  return state_ != nullptr && state_->about().mode.append;
}

bool file_buffers::write_within(std::string_view bytes) {
  if (state_ == nullptr || !state_->is_open()) return true;
  state_->prepare_to_write();
  auto& writer = state_->writer();
  const auto has_room = [&] { return writer.fits(bytes.size()) || writer.empty(); };
  if (!has_room()) state_->drain();
  if (has_room()) return writer.take(bytes), true;
  return state_->has_drain_error();  // told by settle_within(), or by the close
}

bool file_buffers::settle_within(std::uint64_t& position) {
  position = 0;
  if (state_ == nullptr || !state_->is_open()) return true;
  const drain_result drained = state_->drain();
  if (const auto code = state_->take_drain_error())
    throw error(code, "write", state_->about().path);
  if (drained == drain_result::waiting) return false;
  position = state_->position();
  return true;
}

void file_buffers::share_position() noexcept {
  if (!is_settled()) return;
  shared_at_ = sys::set_position_of(state_->about().fd, state_->position());
}

int file_buffers::follow_position() noexcept {
  if (!is_settled()) return 0;
  const std::int64_t now = sys::position_of(state_->about().fd);
  if (now < 0) return static_cast<int>(now);
  if (std::exchange(shared_at_, now) != now) state_->set_position(static_cast<std::uint64_t>(now));
  return 0;
}

bool file_buffers::is_settled() const noexcept {
  return state_ != nullptr && state_->is_open() && !state_->has_queue() && state_->seekable() &&
         state_->writer().empty();
}

bool file_buffers::may_go_on() const noexcept {
  if (state_ == nullptr) return false;
  engine_floor::thread_budget.look_at_clock();
  return state_->core().allows_inline();
}

operation<std::uint64_t> seek_anew(file& in, std::int64_t offset, whence from) {
  return seek_operation(require_state(in, "seek"), offset, from, true);
}

}  // namespace ringfiles::detail
