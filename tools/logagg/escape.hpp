// Bytes that cannot be shown as they are: malformed UTF-8, and what JSON wants escaped.
//
// A log that is not UTF-8 throughout (a Latin-1 name, half a character where a writer was cut off)
// must not cost a line of the report. Its malformed bytes are written as `\xNN`, as CPython does
// with errors="backslashreplace"; everything well-formed is kept as it is. Control characters are
// well-formed and stay in a text report, which is a copy of what was logged; JSON escapes them.
//
// SAFETY: pure functions, any thread. Nothing throws but for lack of memory.
#pragma once

#include <string>
#include <string_view>

namespace logagg {

/// Well-formed UTF-8 throughout: no overlong form, no surrogate, nothing beyond U+10FFFF.
bool is_utf8(std::string_view bytes) noexcept;

/// `bytes`, each byte that is no part of a well-formed character as `\xNN`.
std::string escape_malformed(std::string_view bytes);

/// Appends `utf8` as it stands between the quotes of a JSON string.
/// REQUIRES: the whole text is UTF-8; it may be given in pieces cut anywhere.
void append_json_escaped(std::string& out, std::string_view utf8);

}  // namespace logagg
