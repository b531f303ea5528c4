#include "ringfiles/file.hpp"

#include <mutex>
#include <utility>

#include "file/calls.hpp"
#include "file/file_state.hpp"

namespace ringfiles {

namespace detail {

file_state& require_state(const file& handle, const char* operation) {
  file_state* state = file_state::of(handle);
  if (state == nullptr) throw error(errc::closed, operation, {});
  return *state;
}

}  // namespace detail

using namespace detail;

file::file() noexcept = default;
file::file(file_state* state) noexcept : state_(state) {}
file::file(file&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
file& file::operator=(file&& other) noexcept {
  if (this != &other) file(std::move(other)).swap(*this);
  return *this;
}
void file::swap(file& other) noexcept { std::swap(state_, other.state_); }
file::~file() {
  if (state_ != nullptr) state_->handle_dropped();
}

operation<std::string> file::read(std::size_t limit) {
  return read_operation(require_state(*this, "read"), limit);
}
operation<std::string> file::read_exactly(std::size_t size) {
  return read_exactly_operation(require_state(*this, "read_exactly"), size);
}
operation<std::string> file::read1(std::size_t limit) {
  return read1_operation(require_state(*this, "read1"), limit);
}
operation<std::string> file::peek(std::size_t limit) {
  return peek_operation(require_state(*this, "peek"), limit);
}
operation<std::string> file::read_some(std::size_t limit) {
  return read_some_operation(require_state(*this, "read_some"), limit);
}
operation<std::optional<std::string>> file::readline(std::size_t limit) {
  return readline_operation(require_state(*this, "readline"), limit);
}
operation<std::optional<lines>> file::next_lines() {
  return next_lines_operation(require_state(*this, "next_lines"));
}
operation<std::vector<std::string>> file::readlines(std::size_t hint) {
  return readlines_operation(require_state(*this, "readlines"), hint);
}
operation<std::size_t> file::readinto(std::span<std::byte> into) {
  return readinto_operation(require_state(*this, "readinto"), into);
}

operation<std::size_t> file::write(std::string_view data) {
  return write_operation(require_state(*this, "write"), data);
}
operation<std::size_t> file::write(std::string&& data) {
  return write_operation(require_state(*this, "write"), std::move(data));
}
operation<std::size_t> file::write(shared_bytes data) {
  return write_operation(require_state(*this, "write"), std::move(data));
}
operation<void> file::writelines(std::vector<std::string> lines) {
  return writelines_operation(require_state(*this, "writelines"), std::move(lines));
}

operation<std::uint64_t> file::seek(std::int64_t offset, whence from) {
  return seek_operation(require_state(*this, "seek"), offset, from);
}
operation<std::uint64_t> file::tell() { return tell_operation(require_state(*this, "tell")); }
operation<std::uint64_t> file::truncate(std::optional<std::int64_t> size) {
  return truncate_operation(require_state(*this, "truncate"), size);
}
operation<void> file::flush() { return flush_operation(require_state(*this, "flush")); }
operation<void> file::sync() { return sync_operation(require_state(*this, "sync"), opcode::sync); }
operation<void> file::sync_data() {
  return sync_operation(require_state(*this, "sync_data"), opcode::sync_data);
}
operation<void> file::close() { return close_operation(require_state(*this, "close")); }

operation<std::string> file::read_at(std::uint64_t offset, std::size_t size) {
  return read_at_operation(require_state(*this, "read_at"), offset, size);
}
operation<std::size_t> file::read_at(std::uint64_t offset, std::span<std::byte> into) {
  return read_at_operation(require_state(*this, "read_at"), offset, into);
}
operation<std::size_t> file::read_at(std::uint64_t offset, std::vector<std::span<std::byte>> into) {
  return read_at_operation(require_state(*this, "read_at"), offset, std::move(into));
}
operation<std::size_t> file::write_at(std::uint64_t offset, std::string_view data) {
  return write_at_operation(require_state(*this, "write_at"), offset, data);
}
operation<std::size_t> file::write_at(std::uint64_t offset, std::vector<std::string> parts) {
  return write_at_operation(require_state(*this, "write_at"), offset, std::move(parts));
}
operation<std::size_t> file::write_at(std::uint64_t offset, shared_bytes data) {
  return write_at_operation(require_state(*this, "write_at"), offset, std::move(data));
}

bool file::is_open() const noexcept { return state_ != nullptr && state_->is_open(); }
bool file::readable() const noexcept { return is_open() && state_->about().mode.readable; }
bool file::writable() const noexcept { return is_open() && state_->about().mode.writable; }
bool file::seekable() const noexcept { return is_open() && state_->seekable(); }
bool file::is_text() const noexcept { return state_ != nullptr && state_->about().mode.text; }
bool file::is_terminal() const noexcept {
  return is_open() && !state_->seekable() && sys::is_terminal(state_->about().fd);
}
bool file::line_buffering() const noexcept {
  return state_ != nullptr && state_->is_line_buffered();
}
line_ends file::newlines() const noexcept {
  if (state_ == nullptr) return {};
  const std::lock_guard lock(state_->mutex());
  return state_->line_ends_met().kinds();
}
file_status file::status_at_open() const noexcept {
  return state_ == nullptr ? file_status{} : sys::status_of(state_->about().facts);
}
int file::native_handle() const noexcept {
  if (!is_open()) return -1;
  const std::lock_guard lock(state_->mutex());
  state_->settle_flags();
  return state_->about().fd;
}
const std::string& file::path() const noexcept {
  static const std::string none;
  return state_ == nullptr ? none : state_->about().path;
}
std::string_view file::encoding() const noexcept {
  if (state_ == nullptr || !state_->about().mode.text) return {};
  return state_->about().options.encoding.name();
}
text_errors file::errors() const noexcept {
  return state_ == nullptr ? text_errors::strict : state_->about().options.errors;
}
const std::string& file::mode() const noexcept {
  static const std::string none;
  if (state_ == nullptr) return none;
  const auto& about = state_->about();
  return about.mode.text ? about.mode_words : detail::name_of_binary(about.mode);
}

}  // namespace ringfiles
