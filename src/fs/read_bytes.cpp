#include <fcntl.h>

#include <algorithm>

#include "base/owned_fd.hpp"
#include "fs/job_call.hpp"
#include "ringfiles/fs.hpp"
#include "sys/calls.hpp"

namespace ringfiles {
namespace {

constexpr std::size_t least_read_bytes = 64 * 1024;
constexpr std::size_t most_read_bytes = 1 << 30;

// The size is a hint: files in /proc say 0, and a log grows while it is read.
std::string read_whole(const std::string& path) {
  fs::require_no_nul(path);
  const base::owned_fd file(
      static_cast<int>(fs::require(sys::open_file(path.c_str(), O_RDONLY, 0))));
  sys::file_facts facts;
  fs::require(sys::facts_of(file.get(), false, facts));
  if (S_ISDIR(facts.mode)) throw fs::job_failure{EISDIR};
  std::string bytes;
  std::size_t filled = 0;
  for (;;) {
    const std::size_t expected = facts.size > filled ? facts.size - filled + 1 : 0;
    const std::size_t room = std::clamp(expected, least_read_bytes, most_read_bytes);
    if (bytes.size() < filled + room) bytes.resize(filled + room);
    const iovec part{bytes.data() + filled, bytes.size() - filled};
    const auto count =
        static_cast<std::size_t>(fs::require(sys::read_parts(file.get(), &part, 1, -1, 0)));
    filled += count;
    if (count == 0) break;
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

operation<std::string> read_bytes(std::filesystem::path path) {
  auto name = path.string();
  return fs::make_job<std::string>("read_bytes", name, [name] { return read_whole(name); });
}

}  // namespace ringfiles
