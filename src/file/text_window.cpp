#include "file/text_window.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "text/newlines.hpp"
#include "text/utf8.hpp"

namespace ringfiles::detail {
namespace {

newline mode_of(const file_state& file) noexcept {
  return file.about().mode.text ? file.about().options.newline : newline::lf;
}

/// A line as the reader gets it: the terminator translated in universal mode.
void finish_line(std::string_view raw, text::line_end end, newline mode, std::string& line) {
  if (mode != newline::universal || end.content == end.total || raw[end.content] == '\n') {
    line = std::string(raw.data(), end.total);  // half the cost of assign()
  } else {
    line.reserve(end.content + 1);
    line.assign(raw.data(), end.content);
    line += '\n';
  }
}

/// Raw bytes that make at most `limit` characters once "\r\n" counts as one.
character_take measure_translated(std::string_view window, std::size_t limit, bool final) noexcept {
  character_take taken;
  while (taken.raw < window.size() && taken.characters < limit) {
    std::size_t step = 1;
    if (window[taken.raw] == '\r') {
      const bool last = taken.raw + 1 == window.size();
      if (last && !final) break;  // a '\n' may follow
      if (!last && window[taken.raw + 1] == '\n') step = 2;
    } else {
      step = text::offset_of_character(window.substr(taken.raw), 1);
    }
    taken.raw += step;
    ++taken.characters;
  }
  return taken;
}

}  // namespace

namespace {

bool tells_line_ends(newline mode) noexcept {
  return mode == newline::universal || mode == newline::untranslated;
}

void note_line_ends(file_state& file, std::string_view fresh, bool final) noexcept {
  if (tells_line_ends(mode_of(file))) file.line_ends_met().note(fresh, final);
}

}  // namespace

text_window readable_window(file_state& file, bool final) {
  if (decoded_text* text = file.decoded()) {
    const std::size_t before = text->buffer().size();
    const bool good = text->decode_more(file.reader(), final);
    const std::string_view bytes = text->buffer().bytes();
    note_line_ends(file, bytes.substr(std::min(before, bytes.size())), final);
    return {bytes, !good};
  }
  const std::string_view buffered = file.reader().bytes();
  if (!file.about().mode.text) return {buffered};
  std::size_t& checked = file.checked();
  if (checked < buffered.size()) {
    const std::string_view fresh = buffered.substr(checked);
    const auto scan = final ? text::scan_utf8_final(fresh) : text::scan_utf8(fresh);
    checked += scan.valid;
    note_line_ends(file, fresh.substr(0, scan.valid), final);
    if (scan.malformed > 0) return {buffered.substr(0, checked), true};
  } else if (final) {
    note_line_ends(file, {}, true);
  }
  return {buffered.substr(0, checked)};
}

malformed_sequence malformed_at_front(file_state& file) {
  std::size_t offset = file.checked();
  std::size_t size = 0;
  const char* reason = nullptr;
  std::string_view encoding = "utf-8";
  if (const decoded_text* text = file.decoded()) {
    offset = text->decoded_bytes();
    size = text->malformed().size;
    reason = text->malformed().reason;
    encoding = file.about().codec->name;
  } else {
    const auto scan = text::scan_utf8_final(file.reader().bytes().substr(offset));
    size = scan.malformed;
    reason = scan.reason;
  }
  const std::uint64_t position = file.reader().position() + offset;
  std::string words = "'" + std::string(encoding) + "' codec can't decode ";
  if (size == 1) {
    constexpr char digits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(file.reader().bytes()[offset]);
    words += std::string("byte 0x") + digits[byte >> 4] + digits[byte & 15] + " in position " +
             std::to_string(position);
  } else {
    words +=
        "bytes in position " + std::to_string(position) + '-' + std::to_string(position + size - 1);
  }
  if (reason != nullptr) words += std::string(": ") + reason;
  return {position, std::move(words)};
}

newline effective_newline(const file_state& file, std::string_view bytes) noexcept {
  const newline mode = mode_of(file);
  if (tells_line_ends(mode) && !file.line_ends_met().has_cr()) return newline::lf;
  return text::effective_newline(bytes, mode);
}

std::size_t find_line(file_state& file, std::string_view window, line_limit& limit, bool final,
                      std::string& line) {
  const newline mode = mode_of(file);
  std::size_t& scanned = file.line_scan();
  auto end = text::find_line_end(window, mode, std::min(scanned, window.size()), final);
  if (!end) {
    // A '\r' at the end is looked at again, with what follows it.
    scanned = window.empty() ? 0 : window.size() - 1;
    if (final && !window.empty()) end = text::line_end{window.size(), window.size()};
  }
  const std::size_t size = end ? end->total : window.size();
  if (size < limit.least_bytes) {
    if (!end) return 0;
    finish_line(window, *end, mode, line);
    return size;
  }
  const auto taken =
      append_characters(file, window.substr(0, size), limit.characters, final || end, line);
  if (taken.characters >= limit.characters || end) return taken.raw;
  limit.least_bytes = size + (limit.characters - taken.characters);
  line.clear();
  return 0;
}

character_take append_characters(file_state& file, std::string_view window, std::size_t limit,
                                 bool final, std::string& text) {
  if (!file.about().mode.text) {
    const std::size_t count = std::min(limit, window.size());
    text.append(window.substr(0, count));
    return {count, count};
  }
  const newline mode = mode_of(file);
  if (!text::needs_translation(window, mode)) {
    const std::size_t raw = limit == all ? window.size() : text::offset_of_character(window, limit);
    text.append(window.substr(0, raw));
    // Only a limit makes the count matter.
    return {limit == all ? 0 : text::count_characters(window.substr(0, raw)), raw};
  }
  const auto taken = limit == all ? character_take{0, text::settled_size(window, mode, final)}
                                  : measure_translated(window, limit, final);
  std::string part(window.substr(0, taken.raw));
  text::translate_for_reading(part, mode);
  text += part;
  return taken;
}

}  // namespace ringfiles::detail
