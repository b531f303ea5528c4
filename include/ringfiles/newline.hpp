#pragma once

namespace ringfiles {

/// How line ends are recognised and translated: the five choices of Python's `open(newline=...)`.
///
/// | value        | Python   | a line ends at       | a reader sees       | "\n" is written as |
/// |--------------|----------|----------------------|---------------------|--------------------|
/// | universal    | `None`   | `\n`, `\r` or `\r\n` | every end as `\n`   | `\n` (on Linux)    |
/// | untranslated | `''`     | `\n`, `\r` or `\r\n` | the end as it is    | `\n`               |
/// | lf           | `'\n'`   | `\n` only            | the end as it is    | `\n`               |
/// | cr           | `'\r'`   | `\r` only            | the end as it is    | `\r`               |
/// | crlf         | `'\r\n'` | `\r\n` only          | the end as it is    | `\r\n`             |
enum class newline { universal, untranslated, lf, cr, crlf };

/// Kinds of line ends that a text has.
struct line_ends {
  bool lf = false;    ///< "\n"
  bool cr = false;    ///< "\r"
  bool crlf = false;  ///< "\r\n"

  friend bool operator==(const line_ends&, const line_ends&) = default;
};

}  // namespace ringfiles
