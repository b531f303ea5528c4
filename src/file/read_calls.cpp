#include "file/read_calls.hpp"

#include <algorithm>
#include <cstring>

#include "file/calls.hpp"

namespace ringfiles::detail {
namespace {

/// A result this large is reserved ahead, when the file's size promises as much.
constexpr std::size_t most_reserved_bytes = std::size_t{1} << 32;

class read_characters final : public read_call<std::string> {
 public:
  read_characters(file_state& file, std::size_t limit, bool exactly) noexcept
      : read_call(file), left_(limit), limited_(limit != all), exactly_(exactly) {}

 private:
  const char* name() const noexcept override { return exactly_ ? "read_exactly" : "read"; }
  std::size_t usable() const noexcept override { return limited_ ? left_ : all; }

  verdict take(std::string_view window, bool malformed, bool final) override {
    if (text_.empty() && !limited_) reserve();
    if (left_ > 0 && !window.empty()) {
      const auto taken = append_characters(file_, window, left_, final, text_);
      if (limited_) left_ -= taken.characters;
      consume(taken.raw);
    }
    if (left_ == 0 || final) {
      if (left_ > 0 && malformed) return refuse_malformed();
      if (left_ > 0 && exactly_) return refuse_end();
      succeed(std::move(text_));
      return verdict::ended;
    }
    return malformed ? refuse_malformed() : verdict::more;
  }

  verdict refuse_end() noexcept {
    give_back();
    fail(errc::unexpected_end);
    return verdict::ended;
  }

  void reserve() {
    const std::uint64_t size = file_.about().facts.size;
    const std::uint64_t at = file_.reader().position();
    if (size > at && size - at < most_reserved_bytes)
      text_.reserve(static_cast<std::size_t>(size - at));
  }

  std::string text_;
  std::size_t left_;
  const bool limited_;
  const bool exactly_;
};

class read_at_hand final : public read_call<std::string> {
 public:
  enum class form { read, read_some, read1, peek };
  read_at_hand(file_state& file, std::size_t limit, form which) noexcept
      : read_call(file), limit_(limit), form_(which) {}

 private:
  const char* name() const noexcept override {
    constexpr const char* names[] = {"read", "read_some", "read1", "peek"};
    return names[static_cast<int>(form_)];
  }
  std::size_t usable() const noexcept override { return limit_; }

  verdict take(std::string_view window, bool malformed, bool final) override {
    if (form_ == form::read1 && file_.about().mode.text) {
      fail(errc::text_mode);
      return verdict::ended;
    }
    std::string text;
    const auto taken = append_characters(file_, window, limit_, final, text);
    if (taken.raw == 0 && malformed) return refuse_malformed();
    if (taken.raw == 0 && !final && limit_ > 0) return verdict::more;
    if (form_ != form::peek) consume(taken.raw);
    succeed(std::move(text));
    return verdict::ended;
  }

  const std::size_t limit_;
  const form form_;
};

class read_into final : public read_call<std::size_t> {
 public:
  read_into(file_state& file, std::span<std::byte> into) noexcept : read_call(file), into_(into) {}

 private:
  const char* name() const noexcept override { return "readinto"; }
  std::size_t usable() const noexcept override { return into_.size() - filled_; }

  // The caller's memory is written only here, while the call is tried: never by the kernel, and
  // never after the call was withdrawn.
  verdict take(std::string_view window, bool, bool final) override {
    if (file_.about().mode.text) {
      fail(errc::text_mode);
      return verdict::ended;
    }
    const std::size_t count = std::min(window.size(), into_.size() - filled_);
    if (count > 0) std::memcpy(into_.data() + filled_, window.data(), count);
    filled_ += count;
    consume(count);
    const bool one_read = file_.is_unbuffered() && !file_.seekable();
    const bool enough = filled_ == into_.size() || (filled_ > 0 && one_read);
    if (!enough && !final) return verdict::more;
    succeed(filled_);
    return verdict::ended;
  }

  // What is cached is copied once, straight to the caller: this thread does it, here and now.
  bool take_directly() override {
    const std::size_t count =
        file_.read_past_buffer(into_.subspan(filled_), engine_floor::max_inline_bytes);
    filled_ += count;
    note_taken(count);
    return count > 0;
  }

  std::span<std::byte> into_;
  std::size_t filled_ = 0;
};

}  // namespace

operation<std::string> read_operation(file_state& file, std::size_t limit) {
  if (file.is_unbuffered() && !file.seekable() && limit != all)
    return operation<std::string>(new read_at_hand(file, limit, read_at_hand::form::read));
  return operation<std::string>(new read_characters(file, limit, false));
}
operation<std::string> read_exactly_operation(file_state& file, std::size_t size) {
  return operation<std::string>(new read_characters(file, size, true));
}
operation<std::string> read_some_operation(file_state& file, std::size_t limit) {
  return operation<std::string>(new read_at_hand(file, limit, read_at_hand::form::read_some));
}
operation<std::string> read1_operation(file_state& file, std::size_t limit) {
  return operation<std::string>(new read_at_hand(file, limit, read_at_hand::form::read1));
}
operation<std::string> peek_operation(file_state& file, std::size_t limit) {
  return operation<std::string>(new read_at_hand(file, limit, read_at_hand::form::peek));
}
operation<std::size_t> readinto_operation(file_state& file, std::span<std::byte> into) {
  return operation<std::size_t>(new read_into(file, into));
}

}  // namespace ringfiles::detail
