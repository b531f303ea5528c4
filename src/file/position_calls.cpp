#include "file/barrier_call.hpp"
#include "file/calls.hpp"

namespace ringfiles::detail {
namespace {

/// A cookie of tell() is a byte, and above it how much was read of what an error handler made of
/// malformed bytes there (of "\xNN", say), and the state of the decoder: CPython packs the same
/// into an integer without bounds. Nobody keeps a text of 2^48 bytes in one file.
constexpr int read_shift = 48;
constexpr int state_shift = 56;
constexpr std::uint64_t byte_mask = (std::uint64_t{1} << read_shift) - 1;

std::uint64_t cookie_of(const file_place& place) noexcept {
  return place.byte | std::uint64_t{place.text} << read_shift |
         std::uint64_t{place.state} << state_shift;
}
file_place place_of(std::uint64_t cookie) noexcept {
  return {cookie & byte_mask, static_cast<std::uint8_t>(cookie >> state_shift),
          static_cast<std::uint8_t>(cookie >> read_shift)};
}

/// REQUIRES: nothing is left to be written whose place is not known yet.
std::uint64_t cookie_here(file_state& file) noexcept {
  const file_place here = file.exact_place();
  const bool plain = file.writing() || file.decoded() == nullptr ||
                     (here.text == 0 && here.state == file.decoded()->state_at(here.byte));
  return plain ? here.byte : cookie_of(here);
}

class tell_call final : public file_call<std::uint64_t> {
 public:
  using file_call::file_call;
  progress attempt() override {
    if (refused()) return progress::done;
    if (!file_.seekable()) return fail(errc::not_seekable);
    // Where the end is, is known once the bytes are there. Bytes are told as if they were at the
    // position, as Python's are; text is flushed.
    if (file_.writing() && file_.about().mode.append && file_.about().mode.text) {
      const drain_result drained = file_.drain();
      if (drained == drain_result::waiting) return progress::waiting;
      if (drained == drain_result::failed) return fail(file_.take_drain_error());
    }
    return succeed(cookie_here(file_));
  }

 private:
  const char* name() const noexcept override { return "tell"; }
};

/// From the start or the current position, arithmetic; from the end, the size is asked for first.
class seek_call final : public barrier_call<std::uint64_t> {
 public:
  seek_call(file_state& file, std::int64_t offset, whence from, bool anew) noexcept
      : barrier_call(file),
        offset_(offset),
        from_(from),
        anew_(anew || from == whence::end || file.about().mode.text) {}

  progress attempt() override {
    if (phase_ == phase::requested) return progress::waiting;
    if (phase_ == phase::before) {
      if (refused()) return progress::done;
      if (!file_.seekable()) return fail(errc::not_seekable);
      if (file_.about().codec != nullptr && from_ != whence::start && offset_ != 0)
        return fail(std::make_error_code(std::errc::invalid_argument));
      const progress settled = write_out();
      if (settled != progress::detached) return settled;
      if (from_ == whence::end) {
        const progress made = request(opcode::size);
        if (made != progress::detached) return made;
      }
    }
    if (from_ == whence::end && wanted_.result < 0) return fail(code_of(wanted_.result));
    return move();
  }

 private:
  const char* name() const noexcept override { return "seek"; }

  progress write_out() {
    switch (file_.drain()) {
      case drain_result::waiting:
        return progress::waiting;
      case drain_result::failed:
        return fail(file_.take_drain_error());
      case drain_result::idle:
        return progress::detached;
    }
    return progress::detached;
  }

  progress move() {
    std::uint64_t base = 0;
    if (from_ == whence::current) base = cookie_here(file_);
    if (from_ == whence::end) base = static_cast<std::uint64_t>(wanted_.result);
    std::int64_t target = 0;
    if (__builtin_add_overflow(static_cast<std::int64_t>(base), offset_, &target))
      return fail(std::make_error_code(std::errc::invalid_argument));
    if (target < 0) return fail(errc::negative_position);
    const auto cookie = static_cast<std::uint64_t>(target);
    if (from_ == whence::end || cookie == 0) file_.line_ends_met().forget();
    const bool packed = file_.decoded() != nullptr && cookie > byte_mask;
    // What is on its way is let go of as well: it may have been read before this call.
    if (anew_ || file_.reader().empty())
      file_.forget_buffered(packed ? cookie & byte_mask : cookie);
    if (packed)
      file_.go_to(place_of(cookie));
    else
      file_.set_position(cookie);
    return succeed(cookie);
  }

  std::int64_t offset_;
  whence from_;
  bool anew_;  ///< CPython's text keeps nothing, and bytes what a buffer has that is not used up
};

}  // namespace

operation<std::uint64_t> tell_operation(file_state& file) {
  return operation<std::uint64_t>(new tell_call(file));
}
operation<std::uint64_t> seek_operation(file_state& file, std::int64_t offset, whence from,
                                        bool anew) {
  return operation<std::uint64_t>(new seek_call(file, offset, from, anew));
}

}  // namespace ringfiles::detail
