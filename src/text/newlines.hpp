#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ringfiles/detail/line_ends.hpp"
#include "ringfiles/newline.hpp"

/// Line ends: finding them in bytes that arrive piece by piece, and translating them.
///
/// The rules are those of CPython's `io.TextIOWrapper`, for any encoding in which "\r" and "\n" are
/// single bytes and no part of other characters (UTF-8, ASCII, Latin-1). The one difficulty is a
/// "\r" at the end of what has arrived: in the modes universal and untranslated it may be the first
/// half of a "\r\n", so nobody may call it a line end, or translate it, before the next byte is
/// known. The functions take `final` for that: true when no more bytes follow.
///
/// For many lines at once use `ringfiles::lines`, which is faster.
///
/// SAFETY: pure functions.

namespace ringfiles::text {

/// The newline choice that matters for these bytes: `lf` when there is no "\r" to look for.
newline effective_newline(std::string_view bytes, newline mode) noexcept;

/// The offset just past the last complete line in `bytes`, 0 if there is none: how much of a
/// buffer can be handed out as `lines`.
std::size_t end_of_last_line(std::string_view bytes, newline mode, bool final) noexcept;

/// How many bytes can be given to a reader of characters now: all but a "\r" at the end that a "\n"
/// may still follow (modes universal and untranslated, not `final`).
std::size_t settled_size(std::string_view bytes, newline mode, bool final) noexcept;

/// Which line ends there are in a text that comes piece by piece.
class line_end_kinds {
 public:
  /// `fresh` follows what was noted before. `final`: nothing follows it.
  void note(std::string_view fresh, bool final) noexcept;
  /// What follows is from elsewhere.
  void move_elsewhere() noexcept { after_cr_ = false; }
  void forget() noexcept { *this = {}; }

  line_ends kinds() const noexcept { return met_; }
  /// There was a "\r" in what was noted.
  bool has_cr() const noexcept { return met_.cr || met_.crlf || after_cr_; }

 private:
  line_ends met_;
  bool after_cr_ = false;  ///< the last byte was one, and is not decided
};

/// Whether `translate_for_reading` would change anything: mode universal, and a "\r" in the text.
bool needs_translation(std::string_view text, newline mode) noexcept;

/// Text as a reader sees it, in place: mode universal turns "\r\n" and "\r" into "\n"; the others
/// change nothing. The text never grows.
/// REQUIRES: no "\r\n" is cut in two at the end of the text (see `settled_size`).
void translate_for_reading(std::string& text, newline mode);

/// Text as it goes to a file on Linux: mode crlf turns "\n" into "\r\n", cr turns it into "\r"; the
/// others change nothing. "\r" is written as it is, so "\r\n" becomes "\r\r\n" in mode crlf, as in
/// Python.
std::string translate_for_writing(std::string_view text, newline mode);

/// The mode that Python's `open(newline=...)` means by None, '', '\n', '\r' and '\r\n'.
/// ERRORS: std::invalid_argument with CPython's message, "illegal newline value: ...".
newline parse_newline(std::optional<std::string_view> python_value);

}  // namespace ringfiles::text
