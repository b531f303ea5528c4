#include "base/fork_guard.hpp"

#include <pthread.h>

#include <atomic>

namespace ringfiles::base {
namespace {

std::atomic<std::uint32_t> generation{0};

// Registered before main() runs, so no fork of the program's own is missed.
[[maybe_unused]] const int registered =
    ::pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1, std::memory_order_relaxed); });

}  // namespace

std::uint32_t process_generation() noexcept { return generation.load(std::memory_order_relaxed); }

}  // namespace ringfiles::base
