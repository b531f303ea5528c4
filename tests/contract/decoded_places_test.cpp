// Where a text stands that was read in part, given back, or read to an end that makes no text.
#include <fcntl.h>
#include <unistd.h>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

open_options encoded(std::string_view name, text_errors errors = text_errors::strict) {
  open_options options;
  options.encoding = name;
  options.errors = errors;
  return options;
}

class decoded_places : public suite {};
CONTRACT_FOR_ALL(decoded_places);

TEST_P(decoded_places, WhatIsGivenBackMayBeginWithinWhatAHandlerMade) {
  put("a", "\xff" + std::string(300'000, 'a'));
  run([&]() -> task<> {
    file f = co_await open("a", "r", encoded("ascii", text_errors::backslashreplace));
    EXPECT_EQ(co_await f.read(2), "\\x");
    const std::uint64_t there = co_await f.tell();
    const auto failure = co_await error_of(f.read_exactly(1'000'000));
    EXPECT_TRUE(failure && failure->code() == errc::unexpected_end);
    EXPECT_EQ(co_await f.tell(), there);
    EXPECT_EQ(co_await f.read(4), "ffaa");
    co_await f.seek(static_cast<std::int64_t>(there));
    EXPECT_EQ(co_await f.read(4), "ffaa") << "a cookie knows how much of it was read";
  });
}

TEST_P(decoded_places, BytesAtTheEndThatMakeNoTextAreNotWrittenOver) {
  std::string japanese = "a\x1b$B";
  while (japanese.size() < 65'536) japanese += "\x24\x22";
  japanese += "\x1b(B";
  put("ignored", "\xff\xff\xff");
  put("escape", japanese);
  run([&]() -> task<> {
    file ignored = co_await open("ignored", "r+", encoded("ascii", text_errors::ignore));
    EXPECT_EQ(co_await ignored.read(), "");
    EXPECT_EQ(co_await ignored.tell(), 3U);
    co_await ignored.write("X");
    co_await ignored.close();
    file escape = co_await open("escape", "r+", encoded("iso2022_jp"));
    co_await escape.read();
    EXPECT_EQ(co_await escape.tell(), japanese.size());
    co_await escape.write("X");
    co_await escape.close();
  });
  EXPECT_BYTES(get("ignored"), "\xff\xff\xffX");
  EXPECT_BYTES(get("escape"), japanese + "X");
}

class decoded_pipes : public suite {};
CONTRACT_FOR_KERNEL(decoded_pipes);

TEST_P(decoded_pipes, HalfALineEndThatWasGivenBackIsStillOne) {
  for (const char* encoding : {"ascii", "utf-8"}) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ASSERT_EQ(::write(ends[1], "abc\r", 4), 4);
    run([&]() -> task<> {
      adopt_options options;
      options.encoding = encoding;
      file f = adopt(loop(), ends[0], "r", options);
      co_await expect_error(f.read(100).within(20ms), ETIMEDOUT, "read", "");
      EXPECT_EQ(::write(ends[1], "\ndef\n", 5), 5);
      ::close(ends[1]);
      std::vector<std::string> found;
      while (const auto batch = co_await f.next_lines())
        for (const std::string_view line : *batch) found.emplace_back(line);
      EXPECT_EQ(found, (std::vector<std::string>{"abc", "def"})) << encoding;
      EXPECT_EQ(f.newlines(), (line_ends{.lf = true, .crlf = true})) << encoding;
    });
  }
}

}  // namespace
}  // namespace ringfiles::contract
