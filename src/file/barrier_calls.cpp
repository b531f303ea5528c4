#include "file/barrier_call.hpp"
#include "file/calls.hpp"

namespace ringfiles::detail {
namespace {

class flush_call final : public barrier_call<void> {
 public:
  using barrier_call::barrier_call;
  progress attempt() override {
    if (refused()) return progress::done;
    const progress settled = settle_file();
    return settled == progress::detached ? succeed() : settled;
  }

 private:
  const char* name() const noexcept override { return "flush"; }
};

class sync_call final : public barrier_call<void> {
 public:
  sync_call(file_state& file, opcode how) noexcept : barrier_call(file), how_(how) {}

  progress attempt() override {
    if (phase_ == phase::requested) return progress::waiting;
    if (phase_ == phase::before) {
      if (refused()) return progress::done;
      // A failed fsync is final: the kernel reports it once, marks the pages clean, and the next
      // one says success with the data gone (measured on ext4, XFS and btrfs).
      if (const auto code = file_.sync_error()) return fail(code);
      const progress settled = settle_file();
      if (settled != progress::detached) return settled;
      const progress made = request(how_);
      if (made != progress::detached) return made;
    }
    if (wanted_.result >= 0) return succeed();
    file_.set_sync_error(code_of(wanted_.result));
    return fail(file_.sync_error());
  }

 private:
  const char* name() const noexcept override { return how_ == opcode::sync ? "sync" : "sync_data"; }
  opcode how_;
};

class truncate_call final : public barrier_call<std::uint64_t> {
 public:
  truncate_call(file_state& file, std::optional<std::int64_t> size) noexcept
      : barrier_call(file), size_(size) {}

  progress attempt() override {
    if (phase_ == phase::requested) return progress::waiting;
    if (phase_ == phase::before) {
      if (refused()) return progress::done;
      if (!file_.about().mode.writable) return fail(errc::not_writable);
      if (!file_.seekable()) return fail(errc::not_seekable);
      if (size_ && *size_ < 0) return fail(errc::negative_size);
      const progress settled = settle_file();
      if (settled != progress::detached) return settled;
      wanted_.offset = size_ ? static_cast<std::uint64_t>(*size_) : file_.position();
      const progress made = request(opcode::truncate);
      if (made != progress::detached) return made;
    }
    if (wanted_.result < 0) return fail(code_of(wanted_.result));
    file_.forget_read_ahead();
    return succeed(wanted_.offset);
  }

 private:
  const char* name() const noexcept override { return "truncate"; }
  std::optional<std::int64_t> size_;
};

}  // namespace

operation<void> flush_operation(file_state& file) { return operation<void>(new flush_call(file)); }
operation<void> sync_operation(file_state& file, opcode how) {
  return operation<void>(new sync_call(file, how));
}
operation<std::uint64_t> truncate_operation(file_state& file, std::optional<std::int64_t> size) {
  return operation<std::uint64_t>(new truncate_call(file, size));
}

}  // namespace ringfiles::detail
