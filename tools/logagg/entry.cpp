#include "logagg/entry.hpp"

#include <algorithm>

namespace logagg {

void put_in_order(std::vector<entry>& entries) {
  std::ranges::sort(entries,
                    [](const entry& a, const entry& b) { return compare_order(a, b) < 0; });
}

}  // namespace logagg
