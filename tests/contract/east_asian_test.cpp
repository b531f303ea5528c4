// Text in the encodings of East Asia, whose tables CPython and the C library do not quite share.
#include <random>

#include "python_suite.hpp"
#include "text/code_points.hpp"

namespace ringfiles::contract {
namespace {

class east_asian_text : public python_suite {};
CONTRACT_FOR_ALL(east_asian_text);

constexpr const char* names[] = {"shift_jis", "cp932", "euc_jp", "iso2022_jp", "gb2312", "gbk",
                                 "gb18030",   "big5",  "cp950",  "cp949",      "euc_kr"};

constexpr const char* handlers[] = {"strict",           "ignore",          "replace",
                                    "backslashreplace", "surrogateescape", "xmlcharrefreplace"};
constexpr const char* newlines[] = {"None", "''", "'\\n'", "'\\r'", "'\\r\\n'"};

/// Bytes and characters that mean something in the encodings of East Asia, whole and in parts.
constexpr std::string_view pieces[] = {"a",
                                       "\n",
                                       "\r",
                                       "0",
                                       "9",
                                       "@",
                                       "~",
                                       "\\",
                                       "0!",
                                       "\x80",
                                       "\x81",
                                       "\x8e",
                                       "\x8f",
                                       "\xa0",
                                       "\xa4",
                                       "\xb1",
                                       "\xd4",
                                       "\xfd",
                                       "\xfe",
                                       "\xff",
                                       "\xa1\xa1",
                                       "\xa2\xe8",
                                       "\xa4\xd4",
                                       "\xc6\xa5",
                                       "\xc8\x40",
                                       "\xed\x40",
                                       "\xfa\x5c",
                                       "\x8e\xb1",
                                       "\x8f\xa2\xb7",
                                       "\x8f\xb0\xa1",
                                       "\x81\x30\x81\x30",
                                       "\x82\x35\x90\x37",
                                       "\x90\x30\x81\x30",
                                       "\xe3\x32\x9a\x36",
                                       "\xa4\xd4\xa4\xa1\xa4\xbf\xa4\xd4",
                                       "\x1b",
                                       "\x1b(B",
                                       "\x1b$B",
                                       "\x1b$@",
                                       "\x1b(J",
                                       "\x1b$(B",
                                       "\x1b)B",
                                       "\x1b.A",
                                       "\x1b[31m",
                                       "\x1b&@\x1b$B",
                                       "\x1bX"};

TEST_P(east_asian_text, MalformedBytesAreHandledAsInPython) {
  std::mt19937_64 random(4713);
  std::vector<script> scripts;
  for (const char* name : names)
    for (const char* errors : handlers)
      for (int i = 0; i < (soak() ? 5000 : sanitized ? 8 : 40); ++i) {
        std::string content;
        for (std::size_t n = random() % 10; n > 0; --n) {
          if (random() % 3 == 0)
            content += static_cast<char>(random() % 256);
          else
            content += pieces[random() % std::size(pieces)];
        }
        // What surrogateescape leaves of an incomplete end, CPython forgets.
        if (std::string_view(errors) == "surrogateescape") content += std::string(16, '\n');
        scripts.push_back({"r", newlines[random() % 5], content, {{'r'}}, name, errors});
      }
  compare(scripts);
}

TEST_P(east_asian_text, WhatSurrogateescapeLeavesOfAnIncompleteEndIsText) {
  put("a", "\xa1\xa1\xfe\x38\n");
  run([&]() -> task<> {
    open_options options;
    options.encoding = "gb18030";
    options.errors = text_errors::surrogateescape;
    file f = co_await open("a", "r", options);
    EXPECT_EQ(co_await f.read(),
              "\u3000\xed\xb3\xbe"
              "8\n");
  });
}

/// Each sequence of bytes that may be a character in one of them, on a line of its own.
std::string every_sequence(std::string_view encoding) {
  std::string lines;
  const auto add = [&](std::initializer_list<int> bytes) {
    for (const int byte : bytes) lines += static_cast<char>(byte);
    lines += '\n';
  };
  for (int lead = 0x80; lead < 0x100; ++lead) {
    add({lead});
    for (int trail = 0x20; trail < 0x100; ++trail) add({lead, trail});
  }
  if (encoding == "euc_jp")
    for (int row = 0xa1; row < 0xff; ++row)
      for (int cell = 0xa1; cell < 0xff; ++cell) add({0x8f, row, cell});
  if (encoding == "iso2022_jp")
    for (int row = 0x21; row < 0x7f; ++row)
      for (int cell = 0x21; cell < 0x7f; ++cell)
        add({0x1b, '$', row % 2 == 0 ? 'B' : '@', row, cell, 0x1b, '(', cell % 2 == 0 ? 'B' : 'J'});
  if (encoding == "euc_kr")
    for (int first = 0xa1; first < 0xbf; ++first)
      for (int vowel = 0xbe; vowel < 0xd5; ++vowel)
        for (int last = 0xa1; last < 0xd5; ++last)
          add({0xa4, 0xd4, 0xa4, first, 0xa4, vowel, 0xa4, last});
  // Of those of four bytes the most are one behind the other; the last of ten is often an odd one.
  if (encoding == "gb18030")
    for (int first = 0x81; first < 0xff; ++first)
      for (int second = 0x30; second < 0x3a; ++second)
        for (int third = 0x81; third < 0xff; ++third)
          for (int fourth = 0x30; fourth < 0x3a; ++fourth)
            if (soak() || first < 0x85 || fourth == (first + second + third) % 10 + 0x30)
              add({first, second, third, fourth});
  return lines;
}

/// Each code point that is no surrogate, on a line of its own.
std::string every_character(std::string_view encoding) {
  const char32_t last = soak()                  ? text::last_code_point
                        : encoding == "gb18030" ? 0x2ffff  // no other has characters beyond FFFF
                                                : 0xffff;
  std::string lines;
  for (char32_t point = 0x80; point <= last; ++point) {
    if (text::is_surrogate(point)) continue;
    text::append_utf8(point, lines);
    lines += '\n';
  }
  return lines;
}

TEST_P(east_asian_text, EveryCharacterIsPythons) {
  if (!soak() && (on_kernel() || sanitized)) GTEST_SKIP() << "compared in memory, at full speed";
  std::vector<script> scripts;
  for (const std::string name : names) {
    scripts.push_back({"r", "'\\n'", every_sequence(name), {{'r'}}, name, "backslashreplace"});
    scripts.push_back(
        {"w", "''", "", {{'w', -1, 0, every_character(name)}}, name, "backslashreplace"});
  }
  compare(scripts);
}

}  // namespace
}  // namespace ringfiles::contract
