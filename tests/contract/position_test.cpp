// The position, the size, and what lies far out. (python_test.cpp compares thousands of mixtures.)
#include <limits>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class positions : public suite {};
CONTRACT_FOR_ALL(positions);

constexpr std::int64_t farthest = std::numeric_limits<std::int64_t>::max();

TEST_P(positions, SeekAndTellAgree) {
  put("a", pattern(100'000));
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    EXPECT_EQ(co_await f.seek(70'000), 70'000U);
    EXPECT_BYTES(co_await f.read(10), pattern(10, 70'000));
    EXPECT_EQ(co_await f.seek(-5, whence::current), 70'005U);
    EXPECT_EQ(co_await f.seek(-10, whence::end), 99'990U);
    EXPECT_BYTES(co_await f.read(), pattern(10, 99'990));
    EXPECT_EQ(co_await f.seek(50, whence::end), 100'050U);
    EXPECT_EQ(co_await f.read(), "");
    EXPECT_EQ(co_await f.tell(), 100'050U);
    EXPECT_EQ(co_await f.seek(0), 0U);
    EXPECT_BYTES(co_await f.read(8), pattern(8));
  });
}

TEST_P(positions, BeforeTheStartIsRefusedAndNothingMoves) {
  put("a", "0123456789");
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    co_await f.seek(4);
    co_await expect_error(f.seek(-1), EINVAL, "seek", path("a"));
    co_await expect_error(f.seek(-5, whence::current), EINVAL, "seek", path("a"));
    co_await expect_error(f.seek(-11, whence::end), EINVAL, "seek", path("a"));
    EXPECT_EQ(co_await f.tell(), 4U);
    EXPECT_EQ(co_await f.read(), "456789");
  });
}

TEST_P(positions, BeyondAllNumbersIsRefused) {
  put("a", "0123456789");
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    co_await f.seek(4);
    co_await expect_error(f.seek(farthest, whence::current), EINVAL, "seek", path("a"));
    co_await expect_error(f.seek(farthest, whence::end), EINVAL, "seek", path("a"));
    EXPECT_EQ(co_await f.tell(), 4U);
  });
}

TEST_P(positions, TruncateCutsAndExtends) {
  put("a", "0123456789");
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    EXPECT_EQ(co_await f.truncate(4), 4U);
    EXPECT_EQ(co_await f.read(), "0123");
    EXPECT_EQ(co_await f.truncate(6), 6U);
    EXPECT_EQ(co_await f.tell(), 4U) << "the position stays";
    EXPECT_EQ(co_await f.read(), std::string(2, '\0'));
    co_await f.seek(1);
    EXPECT_EQ(co_await f.truncate(), 1U);
    co_await expect_error(f.truncate(-1), EINVAL, "truncate", path("a"));
  });
  EXPECT_EQ(get("a"), "0");
}

TEST_P(positions, TruncateComesAfterWhatWasWritten) {
  run([&]() -> task<> {
    file f = co_await open("a", "w+b");
    co_await f.write("0123456789");
    EXPECT_EQ(co_await f.truncate(3), 3U);
    co_await f.write("X");
    co_await f.seek(0);
    EXPECT_EQ(co_await f.read(), "012" + std::string(7, '\0') + "X");
  });
}

// ext4 refuses such a size; tmpfs, XFS and btrfs take it.
TEST_P(positions, AnUnboundedTruncateIsAnErrorOrATruncate) {
  put("a", "x");
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    if (co_await error_of(f.truncate(farthest))) {
      EXPECT_EQ(co_await f.read(), "x");
    } else {
      EXPECT_EQ(co_await f.seek(0, whence::end), static_cast<std::uint64_t>(farthest));
    }
  });
}

TEST_P(positions, WhatWasReadAheadIsForgottenByTruncate) {
  put("a", pattern(200'000));
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    EXPECT_BYTES(co_await f.read(10), pattern(10));
    co_await f.truncate(20);
    EXPECT_BYTES(co_await f.read(), pattern(10, 10));
  });
}

TEST_P(positions, PositionalAccessLeavesThePositionAlone) {
  put("a", "0123456789");
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    EXPECT_EQ(co_await f.read(3), "012");
    EXPECT_EQ(co_await f.read_at(7, 2), "78");
    EXPECT_EQ(co_await f.write_at(5, "X"), 1U);
    EXPECT_EQ(co_await f.tell(), 3U);
    EXPECT_EQ(co_await f.readline(1), "3");
  });
}

TEST_P(positions, AppendedBytesAreNotCutOffByTruncate) {
  put("a", "0123");
  run([&]() -> task<> {
    file f = co_await open("a", "ab");
    co_await f.seek(1);
    co_await f.write("X");
    EXPECT_EQ(co_await f.truncate(), 5U) << "the position is behind what was appended";
  });
  EXPECT_EQ(get("a"), "0123X");
}

TEST_P(positions, PositionalOffsetsBeyondTheKernelsAreRefused) {
  put("a", "0123456789");
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    std::string into(4, '?');
    for (const std::uint64_t offset :
         {std::uint64_t{1} << 63, ~std::uint64_t{0}, static_cast<std::uint64_t>(farthest)}) {
      EXPECT_TRUE(co_await error_of(f.read_at(offset, 4))) << offset;
      EXPECT_TRUE(co_await error_of(f.read_at(offset, std::as_writable_bytes(std::span(into)))))
          << offset;
      EXPECT_TRUE(co_await error_of(f.write_at(offset, "bad"))) << offset;
    }
    EXPECT_EQ(co_await f.read(4), "0123") << "the kernel's own position was not used";
  });
  EXPECT_EQ(get("a"), "0123456789");
}

class far_out : public suite {};
CONTRACT_FOR_KERNEL(far_out);

TEST_P(far_out, BehindFourGibibytes) {
  constexpr std::uint64_t far = (std::uint64_t{5} << 30) - 3;
  run([&]() -> task<> {
    file f = co_await open("sparse", "w+b");
    const auto refused = co_await error_of(f.write_at(far, "positional"));
    if (refused && refused->number() == EFBIG) co_return;  // a file system with a lower bound
    EXPECT_FALSE(refused);
    EXPECT_EQ(co_await f.read_at(far, 100), "positional");
    co_await f.seek(static_cast<std::int64_t>(far) + 10);
    co_await f.write("at the cursor");
    EXPECT_EQ(co_await f.tell(), far + 23);
    co_await f.seek(-23, whence::end);
    EXPECT_EQ(co_await f.read(), "positionalat the cursor");
    EXPECT_EQ(co_await f.read_at((std::uint64_t{1} << 32) - 2, 4), std::string(4, '\0'));
    EXPECT_EQ(co_await f.truncate(static_cast<std::int64_t>(far)), far);
    EXPECT_EQ(co_await f.seek(0, whence::end), far);
  });
}

TEST_P(far_out, AReadOfMoreThanTheFileHoldsIsShort) {
  put("a", pattern(100'000));
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    EXPECT_BYTES(co_await f.read_at(0, all), pattern(100'000)) << "no limit";
    EXPECT_BYTES(co_await f.read_at(90'000, std::size_t{1} << 40), pattern(10'000, 90'000));
    EXPECT_EQ(co_await f.read_at(200'000, std::size_t{1} << 33), "");
    co_await f.close();
  });
}

}  // namespace
}  // namespace ringfiles::contract
