// For doors that make the memory of large results themselves.
#pragma once

#include <cstddef>

namespace ringfiles::detail {

/// From this size on, prefer_huge_pages() does something.
inline constexpr std::size_t least_huge_bytes = 4 * 1024 * 1024;

/// Fresh memory that is about to be filled comes in huge pages if the kernel has some (madvise(2)):
/// filling it meets a five-hundredth of the page faults, and giving it back, which happens on the
/// loop's thread, does not stall the loop.
void prefer_huge_pages(void* memory, std::size_t bytes) noexcept;

}  // namespace ringfiles::detail
