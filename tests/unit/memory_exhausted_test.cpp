// No memory for something large: the call that needed it fails with ENOMEM, consumes nothing, and
// the file is usable. (Small allocations are assumed to succeed, as Linux makes them.)
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <new>

#include "unit/memory_rig.hpp"

namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
thread_local std::size_t largest_allocation = no_limit;

}  // namespace

// ThreadSanitizer's own operators cannot be replaced: where they are, these tests are skipped.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RINGFILES_OPERATORS_ARE_TAKEN 1
#endif
#endif

#ifndef RINGFILES_OPERATORS_ARE_TAKEN
// All of this test program allocates here; on this thread it can be refused.
// (noinline: GCC 12 takes the free() of an inlined delete for a mistake.)
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  if (bytes <= largest_allocation)
    if (void* block = std::malloc(bytes)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return bytes <= largest_allocation ? std::malloc(bytes) : nullptr;
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }
#endif

namespace ringfiles::testing {
namespace {

class scarce_memory {
 public:
  scarce_memory() { largest_allocation = 512 * 1024; }
  ~scarce_memory() { largest_allocation = no_limit; }
};

constexpr std::size_t file_bytes = 3'000'000;

class exhausted : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
#ifdef RINGFILES_OPERATORS_ARE_TAKEN
    GTEST_SKIP() << "ThreadSanitizer's operator new cannot be replaced";
#endif
    rig_.disk->put("a", pattern(file_bytes));
    file_ = rig_.opened("a", "r+b");
    rig_.disk->refuse_inline(GetParam());
  }

  /// `make` makes a call that needs much memory; with little it fails, and then it works.
  template <class Make>
  void fails_for_now(const std::string& name, Make make) {
    for (const bool behind_another : {false, true}) {
      {
        auto before = begin(file_.read(behind_another ? 1 : 0));
        const scarce_memory scarce;
        auto call = begin(make());
        rig_.crank();
        ASSERT_TRUE(call.done()) << name;
        EXPECT_EQ(call.number(), ENOMEM) << name;
      }
      rig_.run([&]() -> task<> { co_await file_.seek(0); });
    }
    auto again = begin(make());
    rig_.crank();
    ASSERT_TRUE(again.done()) << name;
    EXPECT_EQ(again.number(), 0) << name;
    rig_.run([&]() -> task<> { co_await file_.seek(0); });
  }

  void TearDown() override {
    file_ = {};
    rig_.expect_nothing_left();
  }

  memory_rig rig_;
  file file_;
};
INSTANTIATE_TEST_SUITE_P(served, exhausted, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "in_background" : "at_once"; });

TEST_P(exhausted, Reads) {
  fails_for_now("read", [&] { return file_.read(); });
  fails_for_now("read", [&] { return file_.read(2'000'000); });
  fails_for_now("read_at", [&] { return file_.read_at(3, 2'000'000); });
  fails_for_now("read_at", [&] { return file_.read_at(3, all); });
}

TEST_P(exhausted, ALongLine) {
  rig_.disk->put("a", std::string(file_bytes, 'l'));
  fails_for_now("readline", [&] { return file_.readline(); });
}

TEST_P(exhausted, ABatchOfOneLongLine) {
  rig_.disk->put("a", std::string(file_bytes, 'l'));
  fails_for_now("next_lines", [&] { return file_.next_lines(); });
}

TEST_P(exhausted, Writes) {
  const std::string large = pattern(2'000'000);
  fails_for_now("write", [&] { return file_.write(std::string_view(large)); });
  fails_for_now("write_at", [&] { return file_.write_at(0, std::string_view(large)); });
}

TEST_P(exhausted, AFailedReadConsumesNothing) {
  {
    const scarce_memory scarce;
    auto reading = begin(file_.read());
    rig_.crank();
    EXPECT_EQ(reading.number(), ENOMEM);
  }
  rig_.run([&]() -> task<> {
    const std::string text = co_await file_.read();
    EXPECT_TRUE(text == pattern(file_bytes)) << text.size() << " bytes";
  });
}

}  // namespace
}  // namespace ringfiles::testing
