// What is known of a path or an open file.
#pragma once

#include <cstdint>

namespace ringfiles {

struct file_status {
  enum class type { regular, directory, fifo, other } kind = type::other;
  std::uint64_t size = 0;        ///< bytes; 0 for files that are made up as they are read (/proc)
  std::int64_t modified_ns = 0;  ///< nanoseconds since the epoch, UTC
  /// Two paths with the same pair are the same file. Inode 0: not known.
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

}  // namespace ringfiles
