// Text in other encodings than UTF-8, and what becomes of what they cannot express.
#include <algorithm>
#include <random>
#include <sstream>

#include "python_suite.hpp"
#include "run_python.hpp"
#include "text/codec.hpp"
#include "text/single_byte_codec.hpp"

namespace ringfiles::contract {
namespace {

class encodings : public python_suite {
 protected:
  static constexpr std::size_t chunk = 64 * 1024;
};
CONTRACT_FOR_ALL(encodings);

constexpr const char* handlers[] = {"strict",           "ignore",          "replace",
                                    "backslashreplace", "surrogateescape", "xmlcharrefreplace"};
constexpr const char* newlines[] = {"None", "''", "'\\n'", "'\\r'", "'\\r\\n'"};
constexpr const char* built_in[] = {"utf-8",     "utf-8-sig", "ascii",     "latin-1",
                                    "utf-16",    "utf-16-le", "utf-16-be", "utf-32",
                                    "utf-32-le", "utf-32-be", "cp1252",    "koi8-r"};
constexpr const char* sample =
    "plain\ttext\n"
    "Grüße, naïve café, œuvre\n"
    "Привет, мир\r\n"
    "日本語のテキスト。カタカナ、ひらがな\n"
    "汉字和漢字 한국어\r"
    "Ελληνικά עברית العربية ไทย\n"
    "\U0001f600 \u20ac end";

std::string every_byte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST_P(encodings, WhatIsWrittenAndReadIsPythons) {
  std::vector<script> scripts;
  for (const auto& codec : text::all_codecs()) {
    for (const char* errors : {"replace", "xmlcharrefreplace", "backslashreplace", "ignore"})
      scripts.push_back({"w+",
                         "''",
                         "",
                         {{'w', -1, 0, sample}, {'w', -1, 0, "twice\n"}, {'s', 0}, {'l'}, {'r'}},
                         std::string(codec.name),
                         errors});
  }
  compare(scripts);
}

TEST_P(encodings, EveryByteOfASingleByteEncodingMeansTheSame) {
  std::vector<script> scripts;
  for (const auto& codec : text::all_codecs()) {
    if (codec.make_decoder != text::make_single_byte_decoder) continue;
    const std::string name(codec.name);
    for (const char* errors : handlers)
      scripts.push_back({"r", "''", every_byte(), {{'r'}}, name, errors});
  }
  compare(scripts);
}

TEST_P(encodings, MalformedBytesAreHandledAsInPython) {
  std::mt19937_64 random(4711);
  std::vector<script> scripts;
  static const std::string pieces[] = {"a",
                                       "\n",
                                       "\r",
                                       std::string(1, '\0'),
                                       "\xd8",
                                       "\xdc",
                                       "\xff",
                                       "\xfe",
                                       "\xc3",
                                       "\xa9",
                                       "\xed\xa0\x80",
                                       "\xe2\x82\xac",
                                       "\xf0\x9f\x98\x80",
                                       "\xef\xbb\xbf",
                                       "\xff\xfe",
                                       "\xfe\xff",
                                       "\x3d\xd8\x00\xde"};
  for (const char* name : built_in)
    for (const char* errors : handlers)
      for (int i = 0; i < (soak() ? 2000 : sanitized ? 8 : 40); ++i) {
        std::string content;
        if (random() % 2 == 0 && std::string_view(name) == "utf-16") content = "\xff\xfe";
        if (random() % 2 == 0 && std::string_view(name) == "utf-32")
          content = std::string("\xff\xfe\0\0", 4);
        for (std::size_t n = random() % 12; n > 0; --n)
          content += pieces[random() % std::size(pieces)];
        scripts.push_back({"r", newlines[random() % 5], content, {{'r'}}, name, errors});
      }
  compare(scripts);
}

/// Text that UTF-16 and others see in pieces, with line ends of all kinds.
std::string long_text(std::mt19937_64& random, std::size_t size, bool only_latin) {
  static const char* const pieces[] = {"a", "bc ", "\n", "\r\n", "\r",         "line\n",
                                       "é", "ÿ\n", "€",  "語",   "\U0001f600", "х\n"};
  std::string text;
  const std::size_t count = only_latin ? 8 : std::size(pieces);
  while (text.size() < size) text += pieces[random() % count];
  return text + '\n';  // a write of iso2022_jp ends in ASCII, Python's only if its text does
}

script random_reads(std::mt19937_64& random, const std::string& encoding, std::size_t size) {
  const bool only_latin = encoding == "latin-1" || encoding == "cp1252";
  script made{"w+", newlines[random() % 5], "", {}, encoding, "strict"};
  made.steps.push_back({'w', -1, 0, long_text(random, size, only_latin)});
  made.steps.push_back({'s', 0});
  for (int i = 0; i < 12; ++i) {
    const auto some = static_cast<std::int64_t>(random() % (random() % 4 == 0 ? size : 40));
    switch (random() % 6) {
      case 0:
        made.steps.push_back({'m'});
        break;
      case 1:
        made.steps.push_back({'b'});
        break;
      case 2:
        made.steps.push_back({'l'});
        break;
      case 3:
        made.steps.push_back({'l', some});
        break;
      case 4:
        made.steps.push_back({'s', 0});
        break;
      default:
        made.steps.push_back({'r', some});
    }
  }
  made.steps.push_back({'r'});
  return made;
}

TEST_P(encodings, ReadingAndGoingBackMix) {
  std::mt19937_64 random(4712);
  std::vector<script> scripts;
  for (const char* name : {"utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-be", "utf-32",
                           "gb18030", "euc_jp", "shift_jis", "iso2022_jp", "euc_kr", "big5"})
    for (int i = 0; i < (soak() ? 1000 : sanitized ? 10 : 30); ++i) {
      const std::size_t size = i % 10 == 0 ? 3 * chunk : i % 3 == 0 ? 9000 : 60;
      scripts.push_back(random_reads(random, name, size));
      const bool is_own = std::ranges::count(built_in, std::string_view(name)) != 0;
      if (!is_own) scripts.back().errors = "replace";
    }
  compare(scripts);
}

TEST_P(encodings, DecodeErrorsNameEncodingPlaceAndReason) {
  put("a", "good \xe9\n");
  put("b", std::string("\xff\xfe", 2) + std::string("x\0\0\xd8y\0", 6));
  run([&]() -> task<> {
    open_options ascii;
    ascii.encoding = "ascii";
    file a = co_await open("a", "r", ascii);
    const auto failure = co_await error_of(a.readline());
    EXPECT_TRUE(failure && failure->code() == errc::not_decodable);
    EXPECT_EQ(failure->position(), 5U);
    EXPECT_EQ(failure->hint(),
              "'ascii' codec can't decode byte 0xe9 in position 5: ordinal not in range(128)");
    EXPECT_EQ(co_await a.read(5), "good ") << "nothing was consumed";
    EXPECT_EQ(co_await a.read_at(5, 1), "\xe9") << "the bytes can still be had";

    open_options utf16;
    utf16.encoding = "UTF-16";
    file b = co_await open("b", "r", utf16);
    EXPECT_EQ(co_await b.read(1), "x");
    const auto other = co_await error_of(b.read());
    EXPECT_EQ(other->position(), 4U);
    EXPECT_EQ(other->hint(),
              "'utf-16' codec can't decode bytes in position 4-5: illegal UTF-16 surrogate");
    EXPECT_EQ(b.encoding(), "UTF-16") << "as it was given";
  });
}

TEST_P(encodings, PlainUtf8NamesTheReasonToo) {
  put("a", "ok \xe2\x82 \n");
  run([&]() -> task<> {
    file a = co_await open("a", "r");
    const auto failure = co_await error_of(a.read());
    EXPECT_TRUE(failure && failure->code() == errc::not_utf8);
    EXPECT_EQ(failure->hint(),
              "'utf-8' codec can't decode bytes in position 3-4: invalid continuation byte");
  });
}

TEST_P(encodings, EncodeErrorsNameTheCharacterAndWriteNothing) {
  run([&]() -> task<> {
    open_options options;
    options.encoding = "latin-1";
    file f = co_await open("a", "w", options);
    EXPECT_EQ(co_await f.write("ü"), 1U);
    const auto failure = co_await error_of(f.write("aé€ "));
    EXPECT_TRUE(failure && failure->code() == errc::not_encodable);
    EXPECT_EQ(failure->hint(),
              "'latin-1' codec can't encode character '\\u20ac' in position 2: ordinal not in "
              "range(256)");
    co_await f.close();
  });
  EXPECT_EQ(get("a"), "\xfc");
}

TEST_P(encodings, UnknownNamesAreRefused) {
  put("a", "");
  for (const char* name :
       {"", "utf-9", "utf-8/", "klingon", "utf-16-xe", "a name that is longer than any encoding's"})
    run([&]() -> task<> {
      open_options options;
      options.encoding = name;
      const auto failure = co_await error_of(open("a", "r", options));
      EXPECT_TRUE(failure && failure->code() == errc::unknown_encoding) << name;
      EXPECT_EQ(co_await (co_await open("a", "rb", options)).read(), "") << "not in binary mode";
    });
}

TEST_P(encodings, EverySpellingOfPythonsIsKnown) {
  put("a", "\xe4");
  for (const char* name : {"latin-1", "Latin1", "ISO-8859-1", "iso8859_1", "L1", "cp819", "8859"})
    run([&]() -> task<> {
      open_options options;
      options.encoding = name;
      EXPECT_EQ(co_await (co_await open("a", "r", options)).read(), "ä") << name;
    });
}

TEST_P(encodings, EveryAliasOfPythonsIsKnown) {
  const auto listed = run_python(R"(import codecs, encodings.aliases
for alias, module in encodings.aliases.aliases.items():
    try: print(alias, codecs.lookup(module).name)
    except LookupError: pass
)",
                                 "");
  if (!listed) GTEST_SKIP() << "there is no python3 to ask";
  std::istringstream lines(*listed);
  int known = 0;
  for (std::string alias, name; lines >> alias >> name;) {
    const text::codec* const wanted = text::find_codec(name);
    if (wanted == nullptr) continue;
    EXPECT_EQ(text::find_codec(alias), wanted) << alias << " is " << name;
    ++known;
  }
  EXPECT_GT(known, 200);
}

TEST_P(encodings, AMarkIsWrittenOnceWhereTheFileBegins) {
  run([&]() -> task<> {
    open_options options;
    options.encoding = "utf-8-sig";
    file f = co_await open("a", "w", options);
    co_await f.write("");
    co_await f.write("one");
    co_await f.write("two");
    co_await f.close();
    file more = co_await open("a", "a", options);
    co_await more.write("three");
    co_await more.close();
  });
  EXPECT_EQ(get("a"), "\xef\xbb\xbfonetwothree");
}

TEST_P(encodings, ALineOfManyChunksIsALine) {
  std::string wide;
  for (std::size_t i = 0; i < 5 * chunk; ++i) wide += std::string("l\0", 2);
  put("a", wide + std::string("\n\0x\0", 4));
  run([&]() -> task<> {
    open_options options;
    options.encoding = "utf-16-le";
    file f = co_await open("a", "r", options);
    EXPECT_BYTES(co_await f.readline(), std::string(5 * chunk, 'l') + "\n");
    const std::uint64_t there = co_await f.tell();
    EXPECT_EQ(there, 10 * chunk + 2);
    EXPECT_EQ(co_await f.read(), "x");
    co_await f.seek(static_cast<std::int64_t>(there));
    auto batch = co_await f.next_lines();
    EXPECT_TRUE(batch && *batch->begin() == "x");
  });
}

TEST_P(encodings, WritingGoesOnWhereReadingWas) {
  put("a", std::string("a\0b\0c\0d\0", 8));
  run([&]() -> task<> {
    open_options options;
    options.encoding = "utf-16-le";
    file f = co_await open("a", "r+", options);
    EXPECT_EQ(co_await f.read(2), "ab");
    co_await f.write("X");
    co_await f.seek(0);
    EXPECT_EQ(co_await f.read(), "abXd");
    co_await f.seek(0);
    EXPECT_EQ(co_await f.read(1), "a");
    EXPECT_EQ(co_await f.truncate(), 2U) << "at the character, not where the buffer ends";
    EXPECT_EQ(co_await f.read(), "");
  });
}

TEST_P(encodings, OnlyCookiesAreSoughtFromElsewhere) {
  put("a", "abc");
  run([&]() -> task<> {
    open_options options;
    options.encoding = "latin-1";
    file f = co_await open("a", "r", options);
    co_await expect_error(f.seek(1, whence::current), EINVAL, "seek", path("a"));
    co_await expect_error(f.seek(-1, whence::end), EINVAL, "seek", path("a"));
    EXPECT_EQ(co_await f.read(1), "a");
    EXPECT_EQ(co_await f.seek(0, whence::current), 1U);
    EXPECT_EQ(co_await f.seek(0, whence::end), 3U);
  });
}

}  // namespace
}  // namespace ringfiles::contract
