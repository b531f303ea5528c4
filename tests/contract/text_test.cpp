// Text: UTF-8 that arrives in pieces, bytes that are none, and the five choices of newline.
#include <fstream>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class text_files : public suite {
 protected:
  // What a read brings in at once, on every rung.
  static constexpr std::size_t chunk = 64 * 1024;

  /// The content with `middle` laid across the end of the first chunk, `before` bytes before it.
  static std::string across(std::string_view middle, std::size_t before) {
    return std::string(chunk - before, 'a') + std::string(middle) + "tail\n";
  }
};
CONTRACT_FOR_ALL(text_files);

TEST_P(text_files, ACharacterMayLieAcrossAChunk) {
  for (const std::string character : {"é", "€", "😀"}) {
    for (std::size_t before = 0; before <= character.size(); ++before) {
      const std::string content = across(character, before);
      put("a", content);
      run([&]() -> task<> {
        file whole = co_await open("a", "r");
        EXPECT_BYTES(co_await whole.read(), content);
        file counted = co_await open("a", "r");
        EXPECT_EQ(co_await counted.read(chunk - before), std::string(chunk - before, 'a'));
        EXPECT_EQ(co_await counted.read(1), character);
        EXPECT_EQ(co_await counted.read(1), "t");
        file by_line = co_await open("a", "r");
        EXPECT_BYTES(co_await by_line.readline(), content);
      });
    }
  }
}

TEST_P(text_files, LimitsCountCharacters) {
  put("a", "é€😀\nää\n");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    EXPECT_EQ(co_await f.read(2), "é€");
    EXPECT_EQ(co_await f.readline(1), "😀");
    EXPECT_EQ(co_await f.readline(5), "\n");
    EXPECT_EQ(co_await f.tell(), 10U);
    EXPECT_EQ(co_await f.readline(2), "ää");
  });
}

TEST_P(text_files, MalformedBytesFailWithTheirPosition) {
  for (const std::size_t valid : {std::size_t{0}, std::size_t{5}, chunk - 1, chunk, 3 * chunk}) {
    put("a", std::string(valid, 'a') + "\xff" + "bc");
    run([&]() -> task<> {
      file f = co_await open("a", "r");
      const auto failure = co_await error_of(f.read());
      EXPECT_TRUE(failure && failure->code() == errc::not_utf8 && failure->position() == valid);
    });
  }
}

TEST_P(text_files, LinesBeforeMalformedBytesAreDelivered) {
  put("a", "one\ntwo\nth\x80ree\nfour\n");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    EXPECT_EQ(co_await f.readline(), "one\n");
    EXPECT_EQ(co_await f.readline(), "two\n");
    const auto failure = co_await error_of(f.readline());
    EXPECT_TRUE(failure && failure->code() == errc::not_utf8 && failure->position() == 10U);
    EXPECT_EQ(co_await f.tell(), 8U) << "nothing of the bad line was consumed";
    EXPECT_EQ(co_await f.read(2), "th");
    EXPECT_TRUE(co_await error_of(f.read(1)));
    co_await f.seek(11);
    EXPECT_EQ(co_await f.readline(), "ree\n");
    EXPECT_EQ(co_await f.readline(), "four\n");
  });
}

TEST_P(text_files, ABatchEndsBeforeMalformedBytes) {
  put("a", "one\ntwo\nthr\xc3(ee\n");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    const auto batch = co_await f.next_lines();
    EXPECT_TRUE(batch && batch->text() == "one\ntwo\n");
    const auto failure = co_await error_of(f.next_lines());
    EXPECT_TRUE(failure && failure->position() == 11U);
    EXPECT_EQ(co_await f.read(3), "thr");
  });
}

TEST_P(text_files, ReadlinesFailsAsAWholeAndLosesNothing) {
  put("a", "one\ntwo\n\xf8");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    co_await expect_error(f.readlines(), EILSEQ, "readlines", path("a"));
    EXPECT_EQ(co_await f.readline(), "one\n");
    EXPECT_EQ(co_await f.readline(), "two\n");
  });
}

TEST_P(text_files, ACharacterThatTheEndCutsIsMalformed) {
  for (const std::string cut : {"\xc3", "\xe2\x82", "\xf0\x9f\x98"}) {
    put("a", "ok\n" + cut);
    run([&]() -> task<> {
      file f = co_await open("a", "r");
      EXPECT_EQ(co_await f.readline(), "ok\n");
      const auto failure = co_await error_of(f.read());
      EXPECT_TRUE(failure && failure->position() == 3U);
    });
  }
}

TEST_P(text_files, ACharacterThatArrivesInPiecesIsWaitedForAtTheEnd) {
  put("a", "a\xe2\x82");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    EXPECT_EQ(co_await f.read(1), "a");
    EXPECT_TRUE(co_await error_of(f.read(1)));
    file g = co_await open("a", "ab");
    co_await g.write("\xac");
    co_await g.close();
    EXPECT_EQ(co_await f.read(1), "€");
  });
}

TEST_P(text_files, ACarriageReturnAtTheEndOfAChunkBelongsToItsLineFeed) {
  for (const std::string terminator : {"\r\n", "\r", "\n"}) {
    for (std::size_t before = 0; before <= 3; ++before) {
      put("a", across(terminator + "next" + terminator, before));
      run([&]() -> task<> {
        file whole = co_await open("a", "r");
        const std::string expected = std::string(chunk - before, 'a') + "\nnext\ntail\n";
        EXPECT_BYTES(co_await whole.read(), expected);
        file by_line = co_await open("a", "r");
        EXPECT_EQ(co_await by_line.readline(), std::string(chunk - before, 'a') + "\n");
        EXPECT_EQ(co_await by_line.readline(), "next\n");
        EXPECT_EQ(co_await by_line.readline(), "tail\n");
        file counted = co_await open("a", "r");
        EXPECT_EQ((co_await counted.read(chunk - before + 1)).back(), '\n');
        EXPECT_EQ(co_await counted.read(4), "next");
        file batches = co_await open("a", "r");
        std::size_t lines = 0;
        while (auto batch = co_await batches.next_lines()) lines += batch->count();
        EXPECT_EQ(lines, 3U);
      });
    }
  }
}

TEST_P(text_files, ACarriageReturnAtTheEndOfTheFileEndsALine) {
  put("a", "one\r");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    EXPECT_EQ(co_await f.readline(), "one\n");
    EXPECT_EQ(co_await f.readline(), std::nullopt);
    file kept = co_await open("a", "r", {.newline = newline::untranslated});
    EXPECT_EQ(co_await kept.readline(), "one\r");
  });
}

TEST_P(text_files, EachNewlineChoiceSplitsItsOwnWay) {
  put("a", "a\nb\rc\r\nd");
  using list = std::vector<std::string>;
  const std::pair<newline, list> expected[] = {
      {newline::universal, {"a\n", "b\n", "c\n", "d"}},
      {newline::untranslated, {"a\n", "b\r", "c\r\n", "d"}},
      {newline::lf, {"a\n", "b\rc\r\n", "d"}},
      {newline::cr, {"a\nb\r", "c\r", "\nd"}},
      {newline::crlf, {"a\nb\rc\r\n", "d"}},
  };
  for (const auto& [choice, split] : expected)
    run([&, wanted = choice, lines_of = split]() -> task<> {
      file f = co_await open("a", "r", {.newline = wanted});
      EXPECT_EQ(co_await f.readlines(), lines_of);
    });
}

TEST_P(text_files, EachNewlineChoiceWritesItsOwnWay) {
  const std::pair<newline, std::string> expected[] = {
      {newline::universal, "a\nb\r\nc\n"},  {newline::untranslated, "a\nb\r\nc\n"},
      {newline::lf, "a\nb\r\nc\n"},         {newline::cr, "a\rb\r\rc\r"},
      {newline::crlf, "a\r\nb\r\r\nc\r\n"},
  };
  for (const auto& [choice, content] : expected) {
    run([&, wanted = choice]() -> task<> {
      file f = co_await open("a", "w", {.newline = wanted});
      EXPECT_EQ(co_await f.write("a\nb\r\nc\n"), 7U) << "counted as the caller gave it";
      co_await f.close();
    });
    EXPECT_BYTES(get("a"), content);
  }
}

TEST_P(text_files, BinaryFilesTranslateNothing) {
  run([&]() -> task<> {
    file f = co_await open("a", "wb", {.newline = newline::crlf});
    EXPECT_EQ(co_await f.write("a\n\xff"), 3U);
    co_await f.close();
    file g = co_await open("a", "rb", {.newline = newline::crlf});
    EXPECT_EQ(co_await g.read(), "a\n\xff");
  });
}

TEST_P(text_files, WrittenTextMustBeUtf8) {
  run([&]() -> task<> {
    file f = co_await open("a", "w");
    EXPECT_EQ(co_await f.write("é€"), 2U) << "counted in characters";
    co_await expect_error(f.write("bad \xff"), EILSEQ, "write", path("a"));
    co_await expect_error(f.write("cut \xe2\x82"), EILSEQ, "write", path("a"));
    co_await f.close();
  });
  EXPECT_EQ(get("a"), "é€");
}

TEST_P(text_files, ReadSomeNeverCutsACharacter) {
  std::string content;
  while (content.size() < 2 * chunk) content += "€uro\n";
  put("a", content);
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    std::string seen;
    for (;;) {
      const std::string part = co_await f.read_some(1000);
      if (part.empty()) break;
      EXPECT_NE(static_cast<unsigned char>(part[0]) & 0xc0U, 0x80U);
      seen += part;
    }
    EXPECT_BYTES(seen, content);
  });
}

TEST_P(text_files, AnUnknownNewlineIsRefused) {
  put("a", "x");
  run([&]() -> task<> {
    const auto failure = co_await error_of(open("a", "r", {.newline = static_cast<newline>(42)}));
    EXPECT_TRUE(failure && failure->code() == errc::invalid_newline);
  });
}

TEST_P(text_files, TellsTheLineEndsItHasMet) {
  put("lf", "a\nb");
  put("crlf", "a\r\nb\r\n");
  put("mixed", "a\nb\r\nc\rd");
  put("cr at the end", std::string(200'000, 'x') + "\r");
  run([&]() -> task<> {
    for (const newline mode : {newline::universal, newline::untranslated}) {
      open_options options;
      options.newline = mode;
      file lf = co_await open("lf", "r", options);
      EXPECT_EQ(lf.newlines(), line_ends{}) << "nothing was read";
      co_await lf.read();
      EXPECT_EQ(lf.newlines(), line_ends{.lf = true});
      co_await lf.seek(0);
      EXPECT_EQ(lf.newlines(), line_ends{});
      file crlf = co_await open("crlf", "r", options);
      co_await crlf.readline();
      EXPECT_EQ(crlf.newlines(), line_ends{.crlf = true});
      file mixed = co_await open("mixed", "r", options);
      while (co_await mixed.next_lines()) continue;
      EXPECT_EQ(mixed.newlines(), (line_ends{.lf = true, .cr = true, .crlf = true}));
      file cr = co_await open("cr at the end", "r", options);
      EXPECT_EQ((co_await cr.read(200'000)).size(), 200'000U);
      EXPECT_EQ(cr.newlines(), line_ends{}) << "it might be half a pair";
      co_await cr.read();
      EXPECT_EQ(cr.newlines(), line_ends{.cr = true});
    }
    open_options only_feeds;
    only_feeds.newline = newline::lf;
    file f = co_await open("lf", "r", only_feeds);
    co_await f.read();
    EXPECT_EQ(f.newlines(), line_ends{}) << "as in Python";
  });
}

}  // namespace
}  // namespace ringfiles::contract
