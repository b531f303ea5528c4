// The language of the contract suite: every back end must pass every test that is written in it.
//
//   TEST_P(reading, EndsAtTheEndOfTheFile) {
//     put("a", "text");
//     run([&]() -> task<> {
//       file f = co_await open("a", "rb");
//       EXPECT_EQ(co_await f.read(), "text");
//       co_await expect_error(f.write("x"), EBADF, "write", path("a"));
//     });
//   }
//   CONTRACT_FOR_ALL(reading);
//
// The files of a test are in a folder of its own below RINGFILES_TEST_DIR (default: the folder for
// temporary files), or in a file system in memory. With RINGFILES_TEST_FALLBACK the instances of a
// back end that is refused are not skipped, but must pass with whatever serves instead.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringfiles/ringfiles.hpp"

namespace ringfiles {

inline void PrintTo(backend_kind kind, std::ostream* out) { *out << to_string(kind); }

}  // namespace ringfiles

namespace ringfiles::contract {

using namespace std::chrono_literals;

#if defined(__SANITIZE_THREAD__)
inline constexpr bool with_tsan = true;
#elif defined(__has_feature)
inline constexpr bool with_tsan = __has_feature(thread_sanitizer);
#else
inline constexpr bool with_tsan = false;
#endif
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool with_asan = true;
#elif defined(__has_feature)
inline constexpr bool with_asan = __has_feature(address_sanitizer);
#else
inline constexpr bool with_asan = false;
#endif
inline constexpr bool sanitized = with_tsan || with_asan;

/// Tests that take long run with RINGFILES_SOAK=1.
bool soak();

/// Bytes that tell their own place: a byte that is lost, doubled or moved shows.
std::string pattern(std::size_t size, std::uint64_t from = 0);

/// Equality of long strings: a failure tells sizes and the first difference, not megabytes.
testing::AssertionResult same_bytes(const std::optional<std::string>& actual,
                                    std::string_view expected);
#define EXPECT_BYTES(actual, expected) \
  EXPECT_TRUE(::ringfiles::contract::same_bytes(actual, expected))

/// An operation that was started and is not awaited here.
template <class T>
class begun {
 public:
  explicit begun(operation<T> call) {
    detail::settle(as_task(std::move(call)), state_->outcome,
                   [state = state_] { state->done = true; });
  }

  bool done() const { return state_->done; }
  bool failed() const { return state_->outcome.failure != nullptr; }
  T take() { return detail::unwrap(state_->outcome); }
  /// The errno it failed with, 0 if it did not.
  int number() const {
    if (!failed()) return 0;
    try {
      std::rethrow_exception(state_->outcome.failure);
    } catch (const error& failure) {
      return failure.number();
    }
  }

 private:
  static task<T> as_task(operation<T> call) { co_return co_await std::move(call); }

  struct state {
    detail::outcome<T> outcome;
    bool done = false;
  };
  std::shared_ptr<state> state_ = std::make_shared<state>();
};

template <class T>
begun<T> begin(operation<T> call) {
  return begun<T>(std::move(call));
}

/// What an operation failed with; nothing if it succeeded.
template <class T>
task<std::optional<error>> error_of(operation<T> call) {
  try {
    static_cast<void>(co_await std::move(call));
  } catch (const error& failure) {
    co_return failure;
  }
  co_return std::nullopt;
}

template <class T>
task<> expect_error(operation<T> call, int number, std::string name, std::string path,
                    std::source_location at = std::source_location::current()) {
  const auto failure = co_await error_of(std::move(call));
  const auto line = static_cast<int>(at.line());
  if (!failure) {
    ADD_FAILURE_AT(at.file_name(), line) << name << " did not fail";
    co_return;
  }
  if (failure->number() != number || failure->operation() != name || failure->path() != path)
    ADD_FAILURE_AT(at.file_name(), line)
        << "expected " << name << " '" << path << "' to fail with errno " << number << ", not "
        << failure->operation() << " '" << failure->path() << "' with " << failure->number() << ": "
        << failure->what();
}

class suite : public testing::TestWithParam<backend_kind> {
 protected:
  suite();
  ~suite() override;
  void SetUp() override;

  // ---- Files, seen without the library ---------------------------------------------------------
  std::string path(std::string_view name) const;
  void put(std::string_view name, std::string_view content);
  /// What the file holds; std::nullopt if there is none.
  std::optional<std::string> get(std::string_view name) const;
  /// The file system in memory; null for the back ends of the kernel.
  memory_filesystem* memory() const noexcept { return memory_.get(); }
  bool on_kernel() const noexcept { return memory_ == nullptr; }
  /// The pages of the file leave the cache, if the file system allows it.
  void make_cold(std::string_view name) const;

  // ---- The library -----------------------------------------------------------------------------
  engine& loop() noexcept { return *engine_; }
  engine_options options() const;
  /// Ends the engine of this test and, unless told otherwise, makes a new one.
  void end_engine();
  void restart_engine() { restart_engine(options()); }
  void restart_engine(engine_options options);

  operation<file> open(std::string_view name, std::string_view mode, open_options options = {}) {
    return ringfiles::open(loop(), path(name), mode, options);
  }

  /// Runs a coroutine to its end.
  template <class Body>
  auto run(Body body) {
    return ringfiles::run(loop(), body());
  }
  /// Turns until nothing is left to do without waiting.
  void crank();
  /// Turns until `ready` says so; false after ten seconds.
  template <class Ready>
  bool crank_until(Ready ready) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (!ready()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      if (loop().wait(5ms)) loop().run_completions();
    }
    return true;
  }
  /// Opens and hands over, for tests that turn the engine by hand.
  file opened(std::string_view name, std::string_view mode, open_options options = {});

 private:
  std::string folder_;
  std::shared_ptr<memory_filesystem> memory_;
  std::optional<engine> engine_;
  std::optional<engine::scope> scope_;
};

std::string name_of(const ::testing::TestParamInfo<backend_kind>& info);

#define CONTRACT_FOR_ALL(name)                                                             \
  INSTANTIATE_TEST_SUITE_P(                                                                \
      every, name,                                                                         \
      ::testing::Values(backend_kind::uring, backend_kind::threads, backend_kind::memory), \
      ringfiles::contract::name_of)
/// Needs FIFOs, links, permissions, page caches …: what the memory back end does not have.
#define CONTRACT_FOR_KERNEL(name)                                                         \
  INSTANTIATE_TEST_SUITE_P(every, name,                                                   \
                           ::testing::Values(backend_kind::uring, backend_kind::threads), \
                           ringfiles::contract::name_of)

}  // namespace ringfiles::contract
