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
  read_characters(file_state& file, std::size_t limit) noexcept
      : read_call(file), left_(limit), limited_(limit != all) {}

 private:
  const char* name() const noexcept override { return "read"; }

  verdict take(std::string_view window, bool malformed, bool final) override {
    if (text_.empty() && !limited_) reserve();
    if (left_ > 0 && !window.empty()) {
      const auto taken = append_characters(file_, window, left_, final, text_);
      if (limited_) left_ -= taken.characters;
      consume(taken.raw);
    }
    if (left_ == 0 || final) {
      if (left_ > 0 && malformed) return refuse_malformed();
      succeed(std::move(text_));
      return verdict::ended;
    }
    return malformed ? refuse_malformed() : verdict::more;
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
};

class read_at_hand final : public read_call<std::string> {
 public:
  read_at_hand(file_state& file, std::size_t limit) noexcept : read_call(file), limit_(limit) {}

 private:
  const char* name() const noexcept override { return "read_some"; }

  verdict take(std::string_view window, bool malformed, bool final) override {
    std::string text;
    const auto taken = append_characters(file_, window, limit_, final, text);
    if (taken.raw == 0 && malformed) return refuse_malformed();
    if (taken.raw == 0 && !final && limit_ > 0) return verdict::more;
    consume(taken.raw);
    succeed(std::move(text));
    return verdict::ended;
  }

  std::size_t limit_;
};

class read_into final : public read_call<std::size_t> {
 public:
  read_into(file_state& file, std::span<std::byte> into) noexcept : read_call(file), into_(into) {}

 private:
  const char* name() const noexcept override { return "readinto"; }

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
    if (filled_ < into_.size() && !final) return verdict::more;
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
  return operation<std::string>(new read_characters(file, limit));
}
operation<std::string> read_some_operation(file_state& file, std::size_t limit) {
  return operation<std::string>(new read_at_hand(file, limit));
}
operation<std::size_t> readinto_operation(file_state& file, std::span<std::byte> into) {
  return operation<std::size_t>(new read_into(file, into));
}

}  // namespace ringfiles::detail
