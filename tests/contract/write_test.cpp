// Writing at the position: buffered, through, in order, and what a delayed write met.
#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class writing : public suite {};
CONTRACT_FOR_ALL(writing);

TEST_P(writing, SmallWritesAreBufferedUntilFlush) {
  run([&]() -> task<> {
    file f = co_await open("a", "wb");
    EXPECT_EQ(co_await f.write("one"), 3U);
    EXPECT_EQ(co_await f.write("two"), 3U);
    EXPECT_EQ(get("a"), "");
    co_await f.flush();
    EXPECT_EQ(get("a"), "onetwo");
    co_await f.write("three");
    co_await f.close();
  });
  EXPECT_EQ(get("a"), "onetwothree");
}

TEST_P(writing, EveryKindOfDataIsTaken) {
  run([&]() -> task<> {
    file f = co_await open("a", "w");
    EXPECT_EQ(co_await f.write("literal "), 8U);
    EXPECT_EQ(co_await f.write(std::string_view("view ")), 5U);
    EXPECT_EQ(co_await f.write(std::string("string ")), 7U);
    EXPECT_EQ(co_await f.write(""), 0U);
    std::vector<std::string> lines{"a\n", "", "b\n"};
    co_await f.writelines(std::move(lines));
    co_await f.writelines({});
    co_await f.close();
  });
  EXPECT_EQ(get("a"), "literal view string a\nb\n");
}

TEST_P(writing, AViewMayDieOnceTheCallWasMade) {
  const std::string expected = pattern(3'000'000);
  run([&]() -> task<> {
    file f = co_await open("a", "wb");
    std::vector<begun<std::size_t>> writes;
    for (std::size_t at = 0; at < expected.size(); at += 30'000) {
      std::string dies = expected.substr(at, 30'000);
      writes.push_back(begin(f.write(std::string_view(dies))));
      std::fill(dies.begin(), dies.end(), '?');
    }
    co_await f.close();
    for (auto& write : writes) EXPECT_EQ(write.take(), 30'000U);
  });
  EXPECT_BYTES(get("a"), expected);
}

TEST_P(writing, LargeWritesPassTheBufferInOrder) {
  const std::string large = pattern(5'000'000);
  run([&]() -> task<> {
    file f = co_await open("a", "wb");
    co_await f.write("before ");
    EXPECT_EQ(co_await f.write(large), large.size());
    co_await f.write(" between ");
    std::string owned = large;
    EXPECT_EQ(co_await f.write(std::move(owned)), large.size());
    co_await f.write(" after");
    EXPECT_EQ(co_await f.tell(), 2 * large.size() + 22);
    co_await f.close();
  });
  EXPECT_EQ(get("a"), "before " + large + " between " + large + " after");
}

TEST_P(writing, ASmallBufferWritesTheSame) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{16}, std::size_t{4096}}) {
    run([&]() -> task<> {
      file f = co_await open("a", "wb", {.buffer_bytes = bytes});
      for (std::size_t at = 0; at < 20'000;) {
        const std::size_t size = std::min<std::size_t>(1 + at % 37, 20'000 - at);
        co_await f.write(pattern(size, at));
        at += size;
      }
      co_await f.close();
    });
    EXPECT_BYTES(get("a"), pattern(20'000)) << bytes;
  }
}

TEST_P(writing, EverySizeAroundTheBufferIsWrittenOnce) {
  std::string expected;
  run([&]() -> task<> {
    file f = co_await open("a", "wb");
    for (const std::size_t size : {65'535U, 1U, 65'536U, 65'537U, 131'072U, 3U, 1'048'576U,
                                   1'048'577U, 262'144U, 262'145U}) {
      const std::string part = pattern(size, expected.size());
      EXPECT_EQ(co_await f.write(part), size);
      expected += part;
    }
    co_await f.close();
  });
  EXPECT_BYTES(get("a"), expected);
}

TEST_P(writing, OverwritingKeepsTheRest) {
  put("a", "0123456789");
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    co_await f.seek(3);
    co_await f.write("abc");
    EXPECT_EQ(co_await f.read(2), "67");
    co_await f.write("Z");
    co_await f.close();
  });
  EXPECT_EQ(get("a"), "012abc67Z9");
}

TEST_P(writing, BehindTheEndIsAHole) {
  put("a", "x");
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    co_await f.seek(5);
    co_await f.write("y");
    co_await f.close();
  });
  EXPECT_EQ(get("a"), "x" + std::string(4, '\0') + "y");
}

TEST_P(writing, AppendsGoToTheEndWhereverThePositionIs) {
  put("a", "start ");
  run([&]() -> task<> {
    file f = co_await open("a", "a+b");
    EXPECT_EQ(co_await f.tell(), 6U);
    co_await f.seek(0);
    EXPECT_EQ(co_await f.read(5), "start");
    co_await f.write("one ");
    co_await f.flush();
    co_await f.seek(0);
    co_await f.write("two");
    co_await f.seek(0);
    EXPECT_EQ(co_await f.read(), "start one two");
  });
}

TEST_P(writing, TwoAppendersNeverInterleaveInsideAWrite) {
  constexpr std::size_t records = 300;
  const auto record = [](char who, std::size_t number) {
    return std::string(1, who) + std::to_string(number) + std::string(number * 31 % 9000, who) +
           "\n";
  };
  run([&]() -> task<> {
    file shared = co_await open("a", "ab");
    const auto appender = [&](char who) -> task<> {
      for (std::size_t i = 0; i < records; ++i) co_await shared.write(record(who, i));
    };
    std::vector<task<>> both;
    both.push_back(appender('a'));
    both.push_back(appender('b'));
    both.push_back(appender('c'));
    co_await gather(std::move(both));
    co_await shared.close();
  });
  std::size_t next[3] = {};
  const std::string content = get("a").value_or("");
  std::string_view rest = content;
  while (!rest.empty()) {
    const std::size_t who = static_cast<std::size_t>(rest[0] - 'a');
    ASSERT_LT(who, 3U);
    const std::string expected = record(rest[0], next[who]++);
    ASSERT_TRUE(rest.starts_with(expected));
    rest.remove_prefix(expected.size());
  }
  for (const std::size_t count : next) EXPECT_EQ(count, records);
}

TEST_P(writing, TwoFilesThatAppendNeverOverwriteEachOther) {
  run([&]() -> task<> {
    file one = co_await open("a", "ab");
    file two = co_await open("a", "ab");
    for (int i = 0; i < 50; ++i) {
      co_await one.write("1");
      co_await one.flush();
      EXPECT_EQ(co_await two.write_at(0, "2"), 1U) << "an append whatever the offset";
    }
  });
  std::string expected;
  for (int i = 0; i < 50; ++i) expected += "12";
  EXPECT_BYTES(get("a"), expected);
}

TEST_P(writing, ReadOnlyFilesRefuse) {
  put("a", "x");
  const std::vector<std::string> lines(1);
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    co_await expect_error(f.write("y"), EBADF, "write", path("a"));
    co_await expect_error(f.writelines(lines), EBADF, "write", path("a"));
    co_await expect_error(f.write_at(0, "y"), EBADF, "write_at", path("a"));
    co_await expect_error(f.truncate(0), EBADF, "truncate", path("a"));
    co_await f.flush();
    EXPECT_EQ(co_await f.read(), "x");
  });
}

// Not even a mark, for which there has to be a line.
TEST_P(writing, NoLinesAreNoWrite) {
  const std::vector<std::string> none;
  const std::vector<std::string> an_empty_one(1);
  run([&]() -> task<> {
    open_options options;
    options.encoding = "utf-16";
    file f = co_await open("a", "w", options);
    co_await f.writelines(none);
    co_await f.flush();
    EXPECT_EQ(get("a"), "");
    co_await f.writelines(an_empty_one);
    co_await f.close();
    EXPECT_EQ(get("a"), "\xff\xfe");
    for (const char* const mode : {"r", "rb"}) {
      file read_only = co_await open("a", mode);
      co_await read_only.writelines(none);
      co_await read_only.close();
      const auto failure = co_await error_of(read_only.writelines(none));
      EXPECT_TRUE(failure && failure->code() == errc::closed);
    }
  });
}

TEST_P(writing, WriteOnlyFilesRefuseReading) {
  run([&]() -> task<> {
    file f = co_await open("a", "wb");
    std::string into(4, '?');
    const auto span = std::as_writable_bytes(std::span(into));
    co_await expect_error(f.read(), EBADF, "read", path("a"));
    co_await expect_error(f.read_some(1), EBADF, "read_some", path("a"));
    co_await expect_error(f.readline(), EBADF, "readline", path("a"));
    co_await expect_error(f.next_lines(), EBADF, "next_lines", path("a"));
    co_await expect_error(f.readlines(), EBADF, "readlines", path("a"));
    co_await expect_error(f.readinto(span), EBADF, "readinto", path("a"));
    co_await expect_error(f.read_at(0, 1), EBADF, "read_at", path("a"));
    co_await f.write("still good");
    co_await f.close();
  });
  EXPECT_EQ(get("a"), "still good");
}

TEST_P(writing, WritesOverOneMebibyteArriveWholeFromManyCoroutines) {
  std::string expected;
  run([&]() -> task<> {
    file f = co_await open("a", "wb");
    std::vector<task<>> writers;
    const auto writer = [&](std::string part) -> task<> { co_await f.write(std::move(part)); };
    for (int i = 0; i < 8; ++i) {
      const std::string part = pattern(700'000, expected.size());
      expected += part;
      writers.push_back(writer(part));
    }
    co_await gather(std::move(writers));
    co_await f.close();
  });
  EXPECT_BYTES(get("a"), expected);
}

}  // namespace
}  // namespace ringfiles::contract
