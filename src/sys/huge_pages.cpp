#include "ringfiles/detail/huge_pages.hpp"

#include <sys/mman.h>

#include <cstdint>

namespace ringfiles::detail {

void prefer_huge_pages(void* memory, std::size_t bytes) noexcept {
  constexpr std::uintptr_t page = 4096;
  if (bytes < least_huge_bytes) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  // Pages that belong to it in part, too: a mapping that keeps one kind of page can be enlarged
  // by mremap(2), where one with two kinds has to be copied, 0.1 s for 256 MiB.
  const std::uintptr_t first = begin & ~(page - 1);
  const std::uintptr_t end = (begin + bytes + page - 1) & ~(page - 1);
  ::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);  // advice only
}

}  // namespace ringfiles::detail
