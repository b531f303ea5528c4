#include "file/open_mode.hpp"

#include <fcntl.h>

namespace ringfiles::detail {
namespace {

int access_flags(char action) noexcept {
  switch (action) {
    case 'w':
      return O_CREAT | O_TRUNC;
    case 'a':
      return O_CREAT | O_APPEND;
    case 'x':
      return O_CREAT | O_EXCL;
    default:
      return 0;
  }
}

}  // namespace

std::optional<open_mode> parse_open_mode(std::string_view mode) noexcept {
  char action = 0;
  bool plus = false;
  char kind = 0;
  for (char letter : mode) {
    switch (letter) {
      case 'r':
      case 'w':
      case 'a':
      case 'x':
        if (action != 0) return std::nullopt;
        action = letter;
        break;
      case '+':
        if (plus) return std::nullopt;
        plus = true;
        break;
      case 'b':
      case 't':
        if (kind != 0) return std::nullopt;
        kind = letter;
        break;
      default:
        return std::nullopt;
    }
  }
  if (action == 0) return std::nullopt;
  open_mode parsed;
  parsed.readable = plus || action == 'r';
  parsed.writable = plus || action != 'r';
  parsed.append = action == 'a';
  parsed.text = kind != 'b';
  parsed.flags = access_flags(action) | (plus ? O_RDWR : parsed.readable ? O_RDONLY : O_WRONLY);
  return parsed;
}

const std::string& name_of_binary(const open_mode& mode) noexcept {
  static const std::string names[] = {"rb", "wb", "rb+", "xb", "xb+", "ab", "ab+"};
  const int updates = mode.readable && mode.writable ? 1 : 0;
  if ((mode.flags & O_EXCL) != 0) return names[3 + updates];
  if ((mode.flags & O_APPEND) != 0) return names[5 + updates];
  return names[updates != 0 ? 2 : mode.writable ? 1 : 0];
}

}  // namespace ringfiles::detail
