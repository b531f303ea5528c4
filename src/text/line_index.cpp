#include "text/line_index.hpp"

#include "text/instruction_set.hpp"

namespace ringfiles::text {

line_index index_line_ends(const char* begin, const char* from, const char* end, newline mode,
                           bool pairs, std::span<const char*> ends) noexcept {
  return fastest_instruction_set().index_line_ends(begin, from, end, mode, pairs, ends.data(),
                                                   ends.size());
}

}  // namespace ringfiles::text
