// read_at and write_at, as many at once as the caller likes.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/block.hpp"
#include "file/calls.hpp"
#include "file/positional_call.hpp"

namespace ringfiles::detail {
namespace {

template <class T>
class positional_read : public positional_call<T> {
 public:
  positional_read(file_state& file, std::uint64_t offset, std::size_t size) noexcept
      : positional_call<T>(file), offset_(offset), size_(size) {}

 protected:
  const char* name() const noexcept override { return "read_at"; }

  bool impossible() noexcept override {
    if (this->refused()) return true;
    failure_code code;
    if (!this->file_.about().mode.readable) code = errc::not_readable;
    if (beyond_offsets(offset_)) code = std::make_error_code(std::errc::invalid_argument);
    if (!this->file_.seekable()) code = errc::not_seekable;
    if (code) this->fail(code);
    return static_cast<bool>(code);
  }

  /// Reads straight into `parts`; this thread does it, so the caller's memory may be among them.
  progress read_inline(const iovec* parts, std::size_t count) {
    backend::request& wanted = this->wanted_;
    this->file_.address(wanted, opcode::read);
    wanted.offset = offset_;
    wanted.parts = parts;
    wanted.part_count = count;
    wanted.size = size_;
    while (done_ < size_) {
      wanted.moved = done_;
      const std::int64_t result = this->core_->try_inline(wanted);
      if (result == backend::would_wait) return progress::waiting;
      if (result < 0) return this->fail(code_of(result));
      if (result == 0) break;  // the end of the file
      done_ += static_cast<std::size_t>(result);
    }
    return progress::done;
  }

  void request_piece(void* into) {
    const std::size_t bytes = std::min(size_ - done_, positional_piece_bytes);
    this->file_.address(this->wanted_, opcode::read);
    this->wanted_.offset = offset_ + done_;
    this->wanted_.set_buffer(into, bytes);
  }

  /// True: no more pieces.
  bool account_piece() {
    if (this->wanted_.result < 0) return this->fail(code_of(this->wanted_.result)), true;
    done_ += this->wanted_.moved;
    return this->wanted_.moved < this->wanted_.size || done_ >= size_;
  }

  void start_over(std::uint64_t offset, std::size_t size) noexcept {
    offset_ = offset;
    size_ = size;
    done_ = 0;
  }

  std::uint64_t offset_;
  std::size_t size_;
  std::size_t done_ = 0;
};

/// Into memory of the caller: directly while this thread reads, else through a block of ours, since
/// the caller may be told "cancelled" while the kernel still reads.
class read_into_parts final : public positional_read<std::size_t> {
 public:
  read_into_parts(file_state& file, std::uint64_t offset, std::span<std::byte> into) noexcept
      : positional_read(file, offset, into.size()), single_{into.data(), into.size()} {}
  static read_into_parts* make(file_state& file, std::uint64_t offset, std::span<std::byte> into) {
    auto* kept = take_spare<read_into_parts>(file, spare::bytes_at);
    if (kept == nullptr) return new read_into_parts(file, offset, into);
    kept->start_over(offset, into.size());
    kept->single_ = {into.data(), into.size()};
    return kept;
  }
  read_into_parts(file_state& file, std::uint64_t offset, std::vector<std::span<std::byte>> into)
      : positional_read(file, offset, 0) {
    for (const auto& part : into) {
      many_.push_back({part.data(), part.size()});
      size_ += part.size();
    }
  }

 private:
  void retire() noexcept override { many_.empty() ? retire_as(spare::bytes_at) : destroy(); }
  std::span<const iovec> parts() const noexcept {
    return many_.empty() ? std::span<const iovec>(&single_, 1) : many_;
  }

  progress serve_inline() override {
    if (size_ > engine_floor::max_inline_bytes) return progress::waiting;
    const progress made = read_inline(parts().data(), parts().size());
    if (made == progress::done && !failure_) succeed(done_);
    return made;
  }

  void prepare_piece() override {
    if (!bounce_) bounce_ = base::block(std::min(size_ - done_, positional_piece_bytes));
    request_piece(bounce_.data());
  }

  bool piece_ended() override {
    if (wanted_.result >= 0) scatter(bounce_.data(), wanted_.moved);
    if (!account_piece()) return false;
    if (!failure_) succeed(done_);
    return true;
  }

  void scatter(const char* from, std::size_t count) noexcept {
    std::size_t skip = done_;
    for (const iovec& part : parts()) {
      if (skip >= part.iov_len) {
        skip -= part.iov_len;
        continue;
      }
      const std::size_t bytes = std::min(part.iov_len - skip, count);
      std::memcpy(static_cast<char*>(part.iov_base) + skip, from, bytes);
      from += bytes;
      count -= bytes;
      skip = 0;
      if (count == 0) return;
    }
  }

  iovec single_{};
  std::vector<iovec> many_;
  base::block bounce_;
};

/// Into a string of our own, which the caller gets.
class read_string_at final : public positional_read<std::string> {
 public:
  using positional_read::positional_read;
  static read_string_at* make(file_state& file, std::uint64_t offset, std::size_t size) {
    auto* kept = take_spare<read_string_at>(file, spare::string_at);
    if (kept == nullptr) return new read_string_at(file, offset, size);
    kept->start_over(offset, size);
    kept->text_.clear();
    return kept;
  }

 private:
  void retire() noexcept override { retire_as(spare::string_at); }
  progress serve_inline() override {
    if (size_ > engine_floor::max_inline_bytes) return progress::waiting;
    text_.resize(size_);
    const iovec part{text_.data(), text_.size()};
    const progress made = read_inline(&part, 1);
    if (made == progress::done && !failure_) finish();
    return made;
  }

  void prepare_piece() override {
    // A piece at a time, so that a large string is not filled with zeros in one turn; no more than
    // the file promises, since the size may be `all`.
    const std::uint64_t there = file_.about().facts.size;
    const std::uint64_t promised = there > offset_ ? there - offset_ : 0;
    text_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(size_, promised)));
    text_.resize(std::max(text_.size(), done_ + std::min(size_ - done_, positional_piece_bytes)));
    request_piece(text_.data() + done_);
  }

  bool piece_ended() override {
    if (!account_piece()) return false;
    if (!failure_) finish();
    return true;
  }

  void finish() {
    text_.resize(done_);
    succeed(std::move(text_));
  }

  std::string text_;
};

class write_parts_at final : public positional_call<std::size_t> {
 public:
  write_parts_at(file_state& file, std::uint64_t offset, std::string_view data) noexcept
      : positional_call(file), offset_(offset), view_(data) {}
  write_parts_at(file_state& file, std::uint64_t offset, std::vector<std::string> parts)
      : positional_call(file), offset_(offset), owned_(std::move(parts)) {}
  write_parts_at(file_state& file, std::uint64_t offset, shared_bytes data) noexcept
      : positional_call(file), offset_(offset), owner_(std::move(data.owner)), view_(data.bytes) {}

 private:
  const char* name() const noexcept override { return "write_at"; }

  bool impossible() noexcept override {
    if (refused()) return true;
    failure_code code;
    if (!file_.about().mode.writable) code = errc::not_writable;
    if (beyond_offsets(offset_)) code = std::make_error_code(std::errc::invalid_argument);
    if (!file_.seekable()) code = errc::not_seekable;
    if (code) fail(code);
    return static_cast<bool>(code);
  }
  /// The kernel ignores the offset of an append: two at once would be in no order.
  bool in_order() const noexcept override { return file_.about().mode.append; }

  void before_waiting() override {
    if (owned_.empty() && !owner_) owned_.emplace_back(view_);
  }

  void gather() {
    parts_.clear();
    for (const auto& part : owned_) parts_.push_back({const_cast<char*>(part.data()), part.size()});
    if (owned_.empty()) parts_.push_back({const_cast<char*>(view_.data()), view_.size()});
    file_.address(wanted_, opcode::write);
    wanted_.offset = offset_;
    wanted_.parts = parts_.data();
    wanted_.part_count = parts_.size();
    wanted_.size = 0;
    for (const auto& part : parts_) wanted_.size += part.iov_len;
  }

  progress serve_inline() override {
    if (in_order()) return progress::waiting;
    gather();
    if (wanted_.size > engine_floor::max_inline_bytes) return progress::waiting;
    while (wanted_.moved < wanted_.size) {
      const std::int64_t result = core_->try_inline(wanted_);
      if (result == backend::would_wait || result == 0) return progress::waiting;
      if (result < 0) return fail(code_of(result));
      wanted_.moved += static_cast<std::size_t>(result);
    }
    return succeed(wanted_.size);
  }

  void prepare_piece() override { gather(); }

  bool piece_ended() override {
    if (wanted_.result < 0)
      fail(code_of(wanted_.result));
    else
      succeed(wanted_.size);
    return true;
  }

  // The next write, flush or close reports it. ECANCELED: it was taken back before it had begun.
  void ended_unobserved() noexcept override {
    if (wanted_.result < 0 && wanted_.result != -ECANCELED)
      file_.defer_error(code_of(wanted_.result));
  }

  std::uint64_t offset_;
  std::shared_ptr<const void> owner_;  ///< of what is seen, if it is shared
  std::string_view view_;
  std::vector<std::string> owned_;
  std::vector<iovec> parts_;
};

}  // namespace

operation<std::string> read_at_operation(file_state& file, std::uint64_t offset, std::size_t size) {
  return operation<std::string>(read_string_at::make(file, offset, size));
}
operation<std::size_t> read_at_operation(file_state& file, std::uint64_t offset,
                                         std::span<std::byte> into) {
  return operation<std::size_t>(read_into_parts::make(file, offset, into));
}
operation<std::size_t> read_at_operation(file_state& file, std::uint64_t offset,
                                         std::vector<std::span<std::byte>> into) {
  return operation<std::size_t>(new read_into_parts(file, offset, std::move(into)));
}
operation<std::size_t> write_at_operation(file_state& file, std::uint64_t offset,
                                          std::string_view data) {
  return operation<std::size_t>(new write_parts_at(file, offset, data));
}
operation<std::size_t> write_at_operation(file_state& file, std::uint64_t offset,
                                          std::vector<std::string> parts) {
  return operation<std::size_t>(new write_parts_at(file, offset, std::move(parts)));
}
operation<std::size_t> write_at_operation(file_state& file, std::uint64_t offset,
                                          shared_bytes data) {
  return operation<std::size_t>(new write_parts_at(file, offset, std::move(data)));
}

}  // namespace ringfiles::detail
