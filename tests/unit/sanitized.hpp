// How much of a long loop a sanitizer is made to go through.
#pragma once

#include <cstddef>

namespace ringfiles::testing {

/// A sanitizer makes all of this ten times as slow, and it does not need every errno.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
inline constexpr bool sanitized =
    __has_feature(thread_sanitizer) || __has_feature(address_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

#if defined(__SANITIZE_THREAD__)
inline constexpr bool thread_sanitized = true;
#elif defined(__has_feature)
inline constexpr bool thread_sanitized = __has_feature(thread_sanitizer);
#else
inline constexpr bool thread_sanitized = false;
#endif

/// The next of the places 0, 1, 2 … at which a test breaks in: the first ones, then ever fewer, odd
/// and even ones. A long way repeats its steps.
constexpr std::size_t fewer_places(std::size_t place) { return place + 1 + place / 4; }

/// The same for a sanitizer, which looks for what the code does wrong on its way. The release build
/// takes each.
constexpr std::size_t next_place(std::size_t place) {
  return sanitized ? fewer_places(place) : place + 1;
}

}  // namespace ringfiles::testing
