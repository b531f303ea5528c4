// The part of a file's buffer that may be handed out as text: well-formed, newlines decided.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "file/file_state.hpp"

namespace ringfiles::detail {

struct text_window {
  std::string_view bytes;  ///< at the front of the buffer
  bool malformed = false;  ///< what follows them is no text
};

/// What may be handed out now. `final`: the file has no more bytes. In binary mode, everything.
text_window readable_window(file_state& file, bool final);

/// What follows the window if that is malformed.
struct malformed_sequence {
  std::uint64_t position = 0;  ///< in the file
  std::string words;           ///< as CPython's UnicodeDecodeError says it
};
malformed_sequence malformed_at_front(file_state& file);

/// The newline choice that matters for these bytes: `lf` when there is no '\r' to look for.
newline effective_newline(const file_state& file, std::string_view bytes) noexcept;

/// How much of a line is wanted: at most `characters` (bytes in binary mode).
struct line_limit {
  std::size_t characters = all;
  /// A window of fewer bytes holds fewer characters than that. Grows with what was counted, so the
  /// characters of a long line are not counted anew with each chunk of it.
  std::size_t least_bytes = characters;
};

/// Puts the next line, cut at the limit, into `line` (which is empty), terminator included and
/// translated. The bytes it was made of, which are not consumed yet; 0: no whole line is at hand.
std::size_t find_line(file_state& file, std::string_view window, line_limit& limit, bool final,
                      std::string& line);

/// Characters from the front of `window`, at most `limit`, translated, appended to `text`.
struct character_take {
  std::size_t characters = 0;
  std::size_t raw = 0;
};
character_take append_characters(file_state& file, std::string_view window, std::size_t limit,
                                 bool final, std::string& text);

}  // namespace ringfiles::detail
