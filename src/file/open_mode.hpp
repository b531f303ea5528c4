// The mode string of open(), read as Python's io.open() reads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringfiles::detail {

struct open_mode {
  int flags = 0;  ///< of open(2), without O_CLOEXEC
  bool readable = false;
  bool writable = false;
  bool append = false;
  bool text = true;
};

/// std::nullopt for a mode that Python refuses: unknown or doubled letters, not exactly one of
/// r, w, a, x, or both b and t.
std::optional<open_mode> parse_open_mode(std::string_view mode) noexcept;

/// As a binary file of Python's names its mode, whichever way it was spelled.
const std::string& name_of_binary(const open_mode& mode) noexcept;

}  // namespace ringfiles::detail
