// Files over descriptors that are open already, and bytes that are shared with the caller.
#include <fcntl.h>
#include <unistd.h>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class adopting : public suite {
 protected:
  int descriptor(std::string_view name, int flags) const {
    return ::open(path(name).c_str(), flags | O_CLOEXEC, 0600);
  }
  static bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }
  static task<> read_all(file& from, std::string& into) { into = co_await from.read(); }
  static task<> write_all(file& to, std::string bytes) {
    co_await to.write(std::move(bytes));
    co_await to.close();
  }
};
CONTRACT_FOR_KERNEL(adopting);

TEST_P(adopting, StartsAtThePositionAndDoesNotMoveIt) {
  put("a", "0123456789");
  const int fd = descriptor("a", O_RDWR);
  ::lseek(fd, 4, SEEK_SET);
  run([&]() -> task<> {
    file f = adopt(loop(), fd, "r+b", {.path = "name"});
    EXPECT_EQ(f.path(), "name");
    EXPECT_EQ(co_await f.read(3), "456");
    co_await f.write("X");
    EXPECT_EQ(co_await f.tell(), 8U);
    co_await f.flush();
    EXPECT_EQ(::lseek(fd, 0, SEEK_CUR), 4);
    co_await f.close();
  });
  EXPECT_FALSE(is_open(fd));
  EXPECT_EQ(get("a"), "0123456X89");
}

TEST_P(adopting, LeavesTheDescriptorOpenIfToldTo) {
  put("a", "");
  const int fd = descriptor("a", O_WRONLY);
  run([&]() -> task<> {
    file f = adopt(loop(), fd, "wb", {.path = {}, .close_descriptor = false});
    co_await f.write("text");
    co_await f.close();
    EXPECT_FALSE(f.is_open());
  });
  EXPECT_TRUE(is_open(fd));
  {
    file dropped = adopt(loop(), fd, "wb", {.path = {}, .close_descriptor = false});
  }
  crank();
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
  EXPECT_EQ(get("a"), "text");
}

TEST_P(adopting, AppendsAtTheEndOnlyIfTheDescriptorDoes) {
  for (const bool appending : {true, false}) {
    put("a", "0123");
    const int fd = descriptor("a", O_RDWR | (appending ? O_APPEND : 0));
    const int other = descriptor("a", O_WRONLY | O_APPEND);
    run([&]() -> task<> {
      file f = adopt(loop(), fd, "ab", {});
      EXPECT_EQ(co_await f.tell(), 4U);
      EXPECT_EQ(::write(other, "xyz", 3), 3);
      co_await f.write("AB");
      co_await f.close();
    });
    ::close(other);
    EXPECT_EQ(get("a"), appending ? "0123xyzAB" : "0123ABz");
  }
}

// As a shell's `>>` opens it: the kernel puts all that is written at the end.
TEST_P(adopting, KnowsOfADescriptorThatAppendsInEveryModeThatWrites) {
  for (const char* const mode : {"wb", "w", "xb"}) {
    put("a", "0123456789");
    const int fd = descriptor("a", O_WRONLY | O_APPEND);
    run([&]() -> task<> {
      file f = adopt(loop(), fd, mode, {});
      EXPECT_EQ(co_await f.tell(), 0U);
      co_await f.write("abc");
      EXPECT_EQ(co_await f.tell(), f.is_text() ? 13U : 3U) << "only text is flushed by tell()";
      co_await f.flush();
      EXPECT_EQ(co_await f.tell(), 13U) << mode;
      EXPECT_EQ(co_await f.truncate(), 13U);
      co_await f.close();
    });
    EXPECT_EQ(get("a"), "0123456789abc");
  }
}

TEST_P(adopting, ReadsOnAtTheEndBehindWhatWasAppended) {
  put("a", "0123456789");
  const int fd = descriptor("a", O_RDWR | O_APPEND);
  run([&]() -> task<> {
    file f = adopt(loop(), fd, "r+b", {});
    EXPECT_EQ(co_await f.read(2), "01");
    co_await f.write("abc");
    co_await f.flush();
    EXPECT_EQ(co_await f.tell(), 13U);
    EXPECT_EQ(co_await f.read(), "");
    EXPECT_EQ(co_await f.truncate(), 13U);
    co_await f.close();
  });
  EXPECT_EQ(get("a"), "0123456789abc");
}

TEST_P(adopting, AnOpenerMayHaveTheFileAppended) {
  put("a", "0123456789");
  run([&]() -> task<> {
    file f = co_await ringfiles::open(loop(), path("a"), "wb", {}, [](const char* name, int) {
      return ::open(name, O_WRONLY | O_APPEND | O_CLOEXEC);
    });
    co_await f.write("abc");
    co_await f.flush();
    EXPECT_EQ(co_await f.tell(), 13U);
  });
}

TEST_P(adopting, RefusesWhatIsNoFileAndLeavesItOpen) {
  const auto number = [&](int fd, std::string_view mode) {
    try {
      adopt(loop(), fd, mode, {});
    } catch (const error& failure) {
      return failure.number();
    }
    return 0;
  };
  const int folder = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ(number(folder, "rb"), EISDIR);
  EXPECT_EQ(number(folder, "q"), EINVAL);
  EXPECT_TRUE(is_open(folder));
  ::close(folder);
  EXPECT_EQ(number(-1, "rb"), EBADF);
  EXPECT_EQ(number(folder, "ab"), EBADF);
}

TEST_P(adopting, TakesBlockingPipesWithoutHoldingTheLoop) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  run([&]() -> task<> {
    file in = adopt(loop(), ends[0], "rb", {});
    file out = adopt(loop(), ends[1], "wb", {});
    EXPECT_FALSE(in.seekable());
    EXPECT_FALSE(in.is_terminal());
    std::string got;
    std::vector<task<>> both;
    both.push_back(read_all(in, got));
    both.push_back(write_all(out, pattern(300'000)));
    co_await gather(std::move(both));
    EXPECT_BYTES(got, pattern(300'000));
  });
}

// Its descriptors are none of the kernel's.
TEST(adopting_in_memory, IsRefusedAndLeavesTheDescriptorOpen) {
  engine memory({.backend = backend_kind::memory, .memory = std::make_shared<memory_filesystem>()});
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  try {
    const file f = adopt(memory, fd, "rb", {.path = "name"});
    ADD_FAILURE() << "adopted";
  } catch (const error& refused) {
    EXPECT_EQ(refused.number(), EBADF);
    EXPECT_EQ(refused.path(), "name");
  }
  EXPECT_GE(::fcntl(fd, F_GETFD), 0);
  ::close(fd);
}

class sharing : public suite {};
CONTRACT_FOR_ALL(sharing);

TEST_P(sharing, BytesAreKeptUntilTheyAreWritten) {
  for (const std::size_t size : {0U, 10U, 300'000U, 3'000'000U}) {
    const auto text = std::make_shared<std::string>(pattern(size));
    const std::weak_ptr<std::string> watched = text;
    run([&, kept = text]() mutable -> task<> {
      file f = co_await open("a", "wb");
      const std::string_view bytes = *kept;
      // Not within the co_await: GCC 12 destroys twice what is made in braces there.
      shared_bytes data{std::move(kept), bytes};
      EXPECT_EQ(co_await f.write(std::move(data)), size);
      co_await f.close();
    });
    EXPECT_BYTES(get("a"), *text);
    EXPECT_EQ(watched.use_count(), 1);
  }
}

TEST_P(sharing, TextIsCheckedAndTranslated) {
  run([&]() -> task<> {
    file f = co_await open("a", "w", {.newline = newline::crlf});
    const auto text = std::make_shared<std::string>("a\nb\n\xff");
    shared_bytes good{text, std::string_view(*text).substr(0, 4)};
    EXPECT_EQ(co_await f.write(std::move(good)), 4U);
    shared_bytes malformed{text, *text};
    auto refused = f.write(std::move(malformed));
    co_await expect_error(std::move(refused), EILSEQ, "write", path("a"));
    co_await f.close();
  });
  EXPECT_EQ(get("a"), "a\r\nb\r\n");
}

}  // namespace
}  // namespace ringfiles::contract
