#include "text/newlines.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "text/byte_block.hpp"

namespace ringfiles::text {
namespace {

constexpr std::size_t npos = std::string_view::npos;

bool ends_at_both(newline mode) noexcept {
  return mode == newline::universal || mode == newline::untranslated;
}

std::size_t find_byte(std::string_view bytes, char wanted, std::size_t from) noexcept {
  if (from >= bytes.size()) return npos;
  const void* place = std::memchr(bytes.data() + from, wanted, bytes.size() - from);
  return place == nullptr
             ? npos
             : static_cast<std::size_t>(static_cast<const char*>(place) - bytes.data());
}

/// Calls `mask(block, before)` for the block of `size` bytes (64, or fewer: then padded with zeros)
/// at `place`; `before` is the byte in front of it.
template <class Mask>
std::uint64_t mask_at(std::string_view bytes, std::size_t place, std::size_t size, Mask mask) {
  const char before = place == 0 ? '\0' : bytes[place - 1];
  if (size == block_bytes) return mask(bytes.data() + place, before);
  char padded[block_bytes] = {};
  std::memcpy(padded, bytes.data() + place, size);
  return mask(padded, before);
}

template <class Mask>
std::size_t find_last(std::string_view bytes, Mask mask) noexcept {
  for (std::size_t place = bytes.size(); place != 0;) {
    const std::size_t size = std::min(place, block_bytes);
    place -= size;
    const std::uint64_t found = mask_at(bytes, place, size, mask);
    if (found != 0) return place + static_cast<std::size_t>(std::bit_width(found)) - 1;
  }
  return npos;
}

/// Inlining is forced, because GCC 12 makes a call of it at -O2.
struct either_terminator {
  [[gnu::always_inline]] std::uint64_t operator()(const char* block, char) const noexcept {
    return either_mask(block, '\n', '\r');
  }
};

std::size_t find_either(std::string_view bytes, std::size_t from) noexcept {
  for (; bytes.size() - from >= block_bytes; from += block_bytes) {
    const std::uint64_t found = either_terminator()(bytes.data() + from, '\0');
    if (found != 0) return from + static_cast<std::size_t>(std::countr_zero(found));
  }
  if (from == bytes.size()) return npos;
  const std::uint64_t found = mask_at(bytes, from, bytes.size() - from, either_terminator());
  return found == 0 ? npos : from + static_cast<std::size_t>(std::countr_zero(found));
}

/// The last byte of the last terminator.
std::size_t find_last_terminator(std::string_view bytes, newline mode) noexcept {
  switch (mode) {
    case newline::lf:
      return find_last(bytes, [](const char* block, char) { return equal_mask(block, '\n'); });
    case newline::cr:
      return find_last(bytes, [](const char* block, char) { return equal_mask(block, '\r'); });
    case newline::crlf:
      return find_last(bytes, [](const char* block, char before) {
        return equal_mask(block, '\n') & after_return(equal_mask(block, '\r'), before);
      });
    case newline::universal:
    case newline::untranslated:
      break;
  }
  return find_last(bytes, either_terminator());
}

std::optional<line_end> find_any_end(std::string_view bytes, std::size_t from,
                                     bool final) noexcept {
  const std::size_t place = find_either(bytes, from);
  if (place == npos) return std::nullopt;
  if (bytes[place] == '\n') return line_end{place, place + 1};
  if (place + 1 == bytes.size()) {
    return final ? std::optional(line_end{place, place + 1}) : std::nullopt;
  }
  return line_end{place, place + (bytes[place + 1] == '\n' ? 2u : 1u)};
}

std::optional<line_end> find_byte_end(std::string_view bytes, char terminator,
                                      std::size_t from) noexcept {
  const std::size_t place = find_byte(bytes, terminator, from);
  if (place == npos) return std::nullopt;
  return line_end{place, place + 1};
}

std::optional<line_end> find_pair_end(std::string_view bytes, std::size_t from) noexcept {
  for (;;) {
    const std::size_t feed = find_byte(bytes, '\n', from);
    if (feed == npos) return std::nullopt;
    if (feed != 0 && bytes[feed - 1] == '\r') return line_end{feed - 1, feed + 1};
    from = feed + 1;
  }
}

/// Writes what becomes of [in, end) to `out`, which may be the same memory if nothing grows, and
/// returns where that ends. Blocks without a `special` byte are copied, the bytes of the others go
/// through `step(in, out)`, which returns the next `out`. It should not branch on the byte: then a
/// text of nothing but line ends takes no longer than another (2 GB/s or so).
template <class Step>
char* transform(char special, const char* in, const char* end, char* out, Step step) {
  while (in != end) {
    const std::size_t size = std::min(static_cast<std::size_t>(end - in), block_bytes);
    if (size == block_bytes && equal_mask(in, special) == 0) {
      char block[block_bytes];
      std::memcpy(block, in, block_bytes);
      std::memcpy(out, block, block_bytes);
      in += block_bytes;
      out += block_bytes;
      continue;
    }
    for (const char* const stop = in + size; in != stop; ++in) out = step(in, out);
  }
  return out;
}

std::size_t count_feeds(std::string_view text) noexcept {
  std::size_t feeds = 0;
  for (; text.size() >= block_bytes; text.remove_prefix(block_bytes)) {
    feeds += static_cast<std::size_t>(std::popcount(equal_mask(text.data(), '\n')));
  }
  return feeds + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

std::optional<line_end> find_line_end(std::string_view bytes, newline mode, std::size_t from,
                                      bool final) noexcept {
  switch (mode) {
    case newline::lf:
      return find_byte_end(bytes, '\n', from);
    case newline::cr:
      return find_byte_end(bytes, '\r', from);
    case newline::crlf:
      return find_pair_end(bytes, from);
    case newline::universal:
    case newline::untranslated:
      break;
  }
  const bool undecided = from != 0 && bytes[from - 1] == '\r';
  return find_any_end(bytes, undecided ? from - 1 : from, final);
}

// A text with "\n" alone, as most are, is looked through for "\r".
void line_end_kinds::note(std::string_view fresh, bool final) noexcept {
  if (after_cr_ && (final || !fresh.empty())) {
    const bool pair = !fresh.empty() && fresh.front() == '\n';
    (pair ? met_.crlf : met_.cr) = true;
    if (pair) fresh.remove_prefix(1);
    after_cr_ = false;
  }
  for (std::size_t at = 0; !(met_.lf && met_.cr && met_.crlf);) {
    at = met_.lf ? find_byte(fresh, '\r', at) : find_either(fresh, at);
    if (at == npos) return;
    if (fresh[at] == '\n') {
      met_.lf = true;
      ++at;
    } else if (at + 1 < fresh.size()) {
      const bool pair = fresh[at + 1] == '\n';
      (pair ? met_.crlf : met_.cr) = true;
      at += pair ? 2 : 1;
    } else {
      (final ? met_.cr : after_cr_) = true;
      return;
    }
  }
}

newline effective_newline(std::string_view bytes, newline mode) noexcept {
  if (mode != newline::universal && mode != newline::untranslated) return mode;
  return bytes.find('\r') != std::string_view::npos ? mode : newline::lf;
}

std::size_t end_of_last_line(std::string_view bytes, newline mode, bool final) noexcept {
  const std::string_view settled = bytes.substr(0, settled_size(bytes, mode, final));
  const std::size_t place = find_last_terminator(settled, mode);
  return place == npos ? 0 : place + 1;
}

std::size_t settled_size(std::string_view bytes, newline mode, bool final) noexcept {
  const bool undecided = !final && ends_at_both(mode) && bytes.ends_with('\r');
  return bytes.size() - (undecided ? 1 : 0);
}

bool needs_translation(std::string_view text, newline mode) noexcept {
  return mode == newline::universal && find_byte(text, '\r', 0) != npos;
}

void translate_for_reading(std::string& text, newline mode) {
  if (mode != newline::universal) return;
  const std::size_t first = find_byte(text, '\r', 0);
  if (first == npos) return;
  char* const begin = text.data();
  const auto step = [](const char* in, char* out) {
    const char byte = in[0];
    const char next = in[1];  // at the end the '\0' behind the string; and `out` may be `in`
    *out = byte == '\r' ? '\n' : byte;
    return out + !((byte == '\r') & (next == '\n'));
  };
  const char* const end = begin + text.size();
  char* const out = transform('\r', begin + first, end, begin + first, step);
  text.resize(static_cast<std::size_t>(out - begin));
}

std::string translate_for_writing(std::string_view text, newline mode) {
  std::string written(text);
  if (mode == newline::cr) std::replace(written.begin(), written.end(), '\n', '\r');
  if (mode != newline::crlf) return written;
  written.resize(text.size() + count_feeds(text));
  const auto step = [](const char* in, char* out) {
    *out = '\r';  // overwritten at once, unless the byte is a "\n"
    out += *in == '\n';
    *out = *in;
    return out + 1;
  };
  transform('\n', text.data(), text.data() + text.size(), written.data(), step);
  return written;
}

newline parse_newline(std::optional<std::string_view> python_value) {
  if (!python_value) return newline::universal;
  if (python_value->empty()) return newline::untranslated;
  if (*python_value == "\n") return newline::lf;
  if (*python_value == "\r") return newline::cr;
  if (*python_value == "\r\n") return newline::crlf;
  throw std::invalid_argument("illegal newline value: " + std::string(*python_value));
}

}  // namespace ringfiles::text
