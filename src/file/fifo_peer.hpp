// Whether the other end of a FIFO is there.
#pragma once

namespace ringfiles::detail {

/// For a FIFO opened non-blocking for reading. Consumes nothing.
bool fifo_has_writer(int fd) noexcept;

}  // namespace ringfiles::detail
