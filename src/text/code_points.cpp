#include "text/code_points.hpp"

#include <cstring>

namespace ringfiles::text {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080u;
constexpr std::size_t block_words = 4;
constexpr std::size_t copied_block_bytes = block_words * sizeof(std::uint64_t);

}  // namespace

std::size_t copy_ascii(const char* from, char* to, std::size_t most) noexcept {
  std::size_t done = 0;
  for (; most - done >= copied_block_bytes; done += copied_block_bytes) {
    std::uint64_t words[block_words];
    std::memcpy(words, from + done, sizeof words);
    if (((words[0] | words[1] | words[2] | words[3]) & high_bits) != 0) break;
    std::memcpy(to + done, words, sizeof words);
  }
  for (; done < most && static_cast<signed char>(from[done]) >= 0; ++done) to[done] = from[done];
  return done;
}

}  // namespace ringfiles::text
