// What a file should answer: a string, a position, and Python's rules, spelled out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/reference.hpp"
#include "ringfiles/file.hpp"

namespace ringfiles::fuzzing {

enum class charset { bytes, utf8, latin1, utf16 };
inline constexpr std::string_view charset_names[] = {"", "utf-8", "latin-1", "utf-16-le"};

class file_model {
 public:
  std::string content;
  std::uint64_t position = 0;
  bool readable = false;
  bool writable = false;
  bool append = false;
  charset set = charset::bytes;
  newline mode = newline::lf;

  /// What a read gives, and where the file stands then. Nothing is consumed when it fails.
  struct answer {
    bool fails = false;
    bool may_fail = false;  ///< "\r" and what is no text behind it: not decided
    std::optional<std::string> text;
    std::uint64_t position = 0;
  };

  answer read(std::size_t limit) const {
    const text_ahead ahead = look_ahead();
    const auto taken = take(ahead, ahead.text.size(), limit);
    const bool fails = taken.characters < limit && ahead.malformed;
    return {fails, undecided(ahead, taken.used), taken.text, place(ahead, taken.used)};
  }

  answer readline(std::size_t limit) const {
    if (limit == 0) return {false, false, "", position};
    const text_ahead ahead = look_ahead();
    const std::size_t end = end_of_line(ahead.text, 0);
    const bool whole = ends_line(ahead.text, end);
    const auto taken = take(ahead, end, limit);
    const bool fails = !whole && taken.characters < limit && ahead.malformed;
    if (!fails && end == 0) return {false, false, std::nullopt, position};
    return {fails, undecided(ahead, taken.used), taken.text, place(ahead, taken.used)};
  }

  struct line {
    std::string content;
    std::uint64_t end;  ///< the position behind it
  };
  struct lines_ahead {
    std::vector<line> all;
    bool must_fail = false;
    bool may_fail = false;
  };
  /// All that next_lines() may give from here on.
  lines_ahead lines() const {
    const text_ahead ahead = look_ahead();
    lines_ahead found;
    for (std::size_t from = 0; from < ahead.text.size();) {
      const std::size_t end = end_of_line(ahead.text, from);
      if (!ends_line(ahead.text, end) && ahead.malformed) break;
      const auto next = reference::lines_of(ahead.text.substr(from, end - from), line_mode());
      found.all.push_back({next.front().content, place(ahead, end)});
      from = end;
    }
    found.must_fail = found.all.empty() && ahead.malformed;
    found.may_fail = found.all.size() == 1 && undecided(ahead, ahead.text.size());
    return found;
  }

  /// What write() puts into the file; nothing if it must fail.
  std::optional<std::string> encoded(std::string_view text) const {
    if (set == charset::bytes) return std::string(text);
    if (reference::utf8_prefix(text) < text.size()) return std::nullopt;
    std::string bytes;
    const std::string written = reference::written(text, mode);
    for (std::size_t at = 0; at < written.size();) {
      const std::size_t size = reference::utf8_character(std::string_view(written).substr(at));
      if (!append_encoded(written.substr(at, size), bytes)) return std::nullopt;
      at += size;
    }
    return bytes;
  }

  void write(std::string_view bytes) {
    if (bytes.empty()) return;
    if (append) position = content.size();
    if (content.size() < position + bytes.size()) content.resize(position + bytes.size());
    content.replace(position, bytes.size(), bytes);
    position += bytes.size();
  }

 private:
  /// From the position to the end, or to what is no text.
  struct text_ahead {
    std::string text;                 ///< UTF-8, nothing translated
    std::vector<std::uint64_t> ends;  ///< of each byte of it: where its character ends in the file
    bool malformed = false;
  };
  struct taken_text {
    std::string text;
    std::size_t characters = 0;
    std::size_t used = 0;
  };

  newline line_mode() const { return set == charset::bytes ? newline::lf : mode; }

  std::uint64_t place(const text_ahead& ahead, std::size_t used) const {
    return used == 0 ? position : ahead.ends[used - 1];
  }

  bool undecided(const text_ahead& ahead, std::size_t used) const {
    const bool both = line_mode() == newline::universal || line_mode() == newline::untranslated;
    return both && ahead.malformed && used == ahead.text.size() && ahead.text.ends_with('\r');
  }

  /// Behind the terminator, or where the text ends.
  std::size_t end_of_line(std::string_view text, std::size_t from) const {
    for (; from < text.size(); ++from)
      if (const std::size_t size = reference::terminator(text.substr(from), line_mode()))
        return from + size;
    return from;
  }
  bool ends_line(std::string_view text, std::size_t end) const {
    const bool pair = end > 1 && line_mode() == newline::crlf;
    if (end == 0) return false;
    return reference::terminator(text.substr(end - (pair ? 2 : 1)), line_mode()) > 0;
  }

  /// Characters from the front, as a reader gets and counts them.
  taken_text take(const text_ahead& ahead, std::size_t end, std::size_t limit) const {
    taken_text taken;
    const std::string_view text = std::string_view(ahead.text).substr(0, end);
    while (taken.used < text.size() && taken.characters < limit) {
      const std::string_view left = text.substr(taken.used);
      std::size_t size = set == charset::bytes ? 1 : reference::utf8_character(left);
      if (line_mode() == newline::universal && left.starts_with('\r')) {
        if (left.starts_with("\r\n")) size = 2;
        taken.text += '\n';
      } else {
        taken.text += left.substr(0, size);
      }
      taken.used += size;
      ++taken.characters;
    }
    return taken;
  }

  text_ahead look_ahead() const {
    text_ahead ahead;
    std::uint64_t at = position;
    while (at < content.size()) {
      const std::size_t size = append_decoded(std::string_view(content).substr(at), ahead.text);
      if (size == 0) break;
      at += size;
      ahead.ends.resize(ahead.text.size(), at);
    }
    ahead.malformed = at < content.size();
    return ahead;
  }

  /// The bytes of the character at the front; 0: there is none.
  std::size_t append_decoded(std::string_view raw, std::string& text) const {
    if (set == charset::utf16) return append_decoded_utf16(raw, text);
    const std::size_t size = set == charset::utf8 ? reference::utf8_character(raw) : 1;
    if (set == charset::latin1)
      reference::append_utf8(static_cast<unsigned char>(raw[0]), text);
    else
      text += raw.substr(0, size);
    return size;
  }

  static std::size_t append_decoded_utf16(std::string_view raw, std::string& text) {
    const auto unit = [&](std::size_t at) {
      return static_cast<char32_t>(static_cast<unsigned char>(raw[at]) |
                                   static_cast<unsigned char>(raw[at + 1]) << 8);
    };
    if (raw.size() < 2) return 0;
    const char32_t first = unit(0);
    if (first < 0xd800 || first > 0xdfff) return reference::append_utf8(first, text), 2;
    if (first > 0xdbff || raw.size() < 4) return 0;
    const char32_t second = unit(2);
    if (second < 0xdc00 || second > 0xdfff) return 0;
    reference::append_utf8(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), text);
    return 4;
  }

  /// False: the encoding lacks the character.
  bool append_encoded(const std::string& character, std::string& bytes) const {
    if (set == charset::utf8) return bytes += character, true;
    const char32_t point = reference::utf8_value(character);
    const auto put = [&](char32_t unit) {
      bytes += static_cast<char>(unit & 0xff);
      if (set == charset::utf16) bytes += static_cast<char>(unit >> 8);
    };
    if (set == charset::latin1 && point > 0xff) return false;
    if (point < 0x10000) return put(point), true;
    put(0xd800 + ((point - 0x10000) >> 10));
    put(0xdc00 + ((point - 0x10000) & 0x3ff));
    return true;
  }
};

}  // namespace ringfiles::fuzzing
