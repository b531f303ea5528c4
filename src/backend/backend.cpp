#include "backend/backend.hpp"

#include <unistd.h>

#include "sys/calls.hpp"

namespace ringfiles::backend {

wake_up::~wake_up() { ::close(eventfd_); }

void wake_up::signal() noexcept { sys::signal_eventfd(eventfd_); }

}  // namespace ringfiles::backend
