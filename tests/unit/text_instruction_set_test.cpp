// What each set of vector instructions finds is what plain code finds. The others are seen through
// the fastest set of this machine alone (text_utf8_test.cpp, text_lines_test.cpp).
#include <gtest/gtest.h>

#include <random>

#include "text/instruction_set.hpp"
#include "text/newlines.hpp"
#include "text/utf8.hpp"
#include "text_vectors.hpp"

namespace ringfiles::text {
namespace {

using testing::exact_copy;
using testing::for_each_string;

/// Around the ends of vectors of 16 to 64 bytes, and of groups of four of these.
constexpr std::size_t borders[] = {32, 64, 128, 192, 256, 512};

/// One byte on either side of every border in table 3-7 of the Unicode standard.
std::vector<std::string> border_bytes() {
  std::vector<std::string> letters;
  for (const char byte : std::string_view("\x41\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec"
                                          "\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff"))
    letters.emplace_back(1, byte);
  return letters;
}

/// `middle` between plain letters, at `place`. Scanned alone it is too short for vectors.
void expect_found(const instruction_set& set, const std::string& middle, std::size_t place) {
  const exact_copy copy(std::string(place, 'a') + middle + std::string(40, 'a'));
  const std::string_view text = copy.view();
  const utf8_scan found = scan_utf8_final(middle + "a");
  const std::size_t skipped = set.skip_well_formed(text.data(), text.size());
  if (found.malformed == 0) {
    ASSERT_EQ(skipped, text.size() - 1) << set.name << " at " << place;
  } else {
    const std::size_t error = place + found.valid;
    ASSERT_LE(skipped, error) << set.name << " at " << place;
    ASSERT_TRUE(skipped == error || (text[skipped] & 0xc0) != 0x80) << set.name << " at " << place;
  }
}

TEST(InstructionSets, EndWithTheOneThatAlwaysWorks) {
  ASSERT_FALSE(usable_instruction_sets().empty());
  EXPECT_EQ(usable_instruction_sets().back()->name, std::string_view("portable"));
  EXPECT_EQ(usable_instruction_sets().front(), &fastest_instruction_set());
}

TEST(InstructionSets, FindTheSameErrorsWhereverTheyAre) {
  for (const instruction_set* set : usable_instruction_sets()) {
    for (std::size_t length = 1; length < 4; ++length) {
      for_each_string(border_bytes(), length, [&](const std::string& bytes) {
        for (std::size_t place = 253; place < 258; ++place) expect_found(*set, bytes, place);
      });
    }
    for_each_string(border_bytes(), 2, [&](const std::string& bytes) {
      for (const std::size_t border : borders)
        for (std::size_t place = border - 5; place <= border; ++place)
          for (const char* character : {"é", "日", "😀"})
            expect_found(*set, character + bytes, place);
    });
  }
}

TEST(InstructionSets, LeaveTheLastCharacterAlone) {
  for (const instruction_set* set : usable_instruction_sets()) {
    for (std::size_t size = 1; size < 600; ++size) {
      std::string text(size, 'a');
      for (const char* character : {"é", "日", "😀"}) {
        for (std::size_t cut = 1; cut <= std::string_view(character).size(); ++cut) {
          const exact_copy copy(text + std::string(character, cut));
          ASSERT_EQ(set->skip_well_formed(copy.view().data(), copy.view().size()), size)
              << set->name;
        }
      }
    }
    EXPECT_EQ(set->skip_well_formed("", 0), 0u);
  }
}

std::string random_lines(std::mt19937& random) {
  std::string text;
  const std::size_t longest = std::size_t{1} << random() % 9;
  const std::size_t favourite = random() % 3;
  const auto terminators = std::array<std::string_view, 3>{"\n", "\r\n", "\r"};
  for (std::size_t lines = random() % 200; lines > 0; --lines) {
    text.append(random() % longest, 'x');
    text += terminators[random() % 8 == 0 ? random() % 3 : favourite];
  }
  return text.substr(0, random() % (text.size() + 1));
}

std::vector<std::size_t> ends_by(const instruction_set& set, std::string_view text, newline mode,
                                 std::size_t room) {
  std::vector<std::size_t> ends;
  std::vector<const char*> places(room);
  const char* const end = text.data() + text.size();
  line_index index{0, text.data(), false};
  while (index.searched != end) {
    index = set.index_line_ends(text.data(), index.searched, end, mode, index.pairs, places.data(),
                                room);
    for (std::size_t i = 0; i < index.found; ++i)
      ends.push_back(static_cast<std::size_t>(places[i] - text.data()));
  }
  return ends;
}

TEST(InstructionSets, FindTheSameLineEnds) {
  std::mt19937 random(1);
  for (int turn = 0; turn < 1000; ++turn) {
    const exact_copy copy(random_lines(random));
    const std::string_view text = copy.view();
    const std::size_t room = 4 + random() % 80;
    for (const newline mode :
         {newline::universal, newline::untranslated, newline::lf, newline::cr, newline::crlf}) {
      std::vector<std::size_t> expected;
      std::size_t at = 0;
      while (const auto line = find_line_end(text.substr(at), mode, 0, true)) {
        expected.push_back(at + line->content);
        at += line->total;
      }
      for (const instruction_set* set : usable_instruction_sets())
        ASSERT_EQ(ends_by(*set, text, mode, room), expected) << set->name << ", turn " << turn;
    }
  }
}

}  // namespace
}  // namespace ringfiles::text
