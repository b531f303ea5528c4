// The same calls on CPython's open() and on ours: modes, positions, reading and writing mixed.
#include <random>

#include "python_suite.hpp"

namespace ringfiles::contract {
namespace {

class like_python : public python_suite {};
CONTRACT_FOR_ALL(like_python);

TEST_P(like_python, EveryModeDoesTheSame) {
  std::vector<script> scripts;
  for (const char* action : {"r", "w", "a", "x"})
    for (const char* plus : {"", "+"})
      for (const char* kind : {"", "b", "t"})
        for (const bool exists : {true, false})
          scripts.push_back({std::string(action) + plus + kind,
                             "None",
                             exists ? std::optional<std::string>("old\ntext\n") : std::nullopt,
                             {{'t'},
                              {'r', 3},
                              {'t'},
                              {'s', 0},
                              {'w', -1, 0, "new"},
                              {'f'},
                              {'s', 0},
                              {'r'},
                              {'T', 2},
                              {'c'},
                              {'r'},
                              {'w', -1, 0, "x"},
                              {'t'},
                              {'f'},
                              {'c'}}});
  compare(scripts);
}

TEST_P(like_python, LettersMayStandInAnyOrder) {
  std::vector<script> scripts;
  for (const char* mode : {"r", "rb", "br", "+r", "b+r", "r+b", "+br", "rt", "tr", "w+t", "bw+"})
    scripts.push_back({mode, "None", "old", {{'r'}, {'w', -1, 0, "new"}, {'c'}}});
  for (const char* mode :
       {"", "b", "+", "rw", "ra", "rr", "r++", "rbt", "rbb", "U", "rU", "q", "R"})
    scripts.push_back({mode[0] == 0 ? "b+" : mode, "None", "old", {}});
  compare(scripts);
}

step random_step(std::mt19937_64& random, const std::string& mode) {
  // Python's position of text that is being read is a secret; of text that is written it is not.
  const bool may_tell = mode != "r";
  const bool text = mode.find('b') == std::string::npos;
  static const char* const pieces[] = {"", "x", "two\n", "a\r\nb", "€", "0123456789\n\n"};
  const auto below = [&](std::uint64_t bound) {
    return static_cast<std::int64_t>(random() % bound);
  };
  switch (random() % 9) {
    case 0:
      return {'r', below(8)};
    case 1:
      return {'r', below(4) == 0 ? -1 : below(40)};
    case 2:
      return {'l', below(2) == 0 ? -1 : 1 + below(8)};
    case 3:
    case 4:
      return {'w', -1, 0, pieces[random() % std::size(pieces)]};
    case 5:
      // Text has no positions but its start, its end and what tell() gave.
      if (text) return {'s', 0, random() % 2 == 0 ? 0 : 2};
      if (random() % 2 == 0) return {'s', below(40), 0};
      return {'s', below(20) - 10, 1 + static_cast<int>(random() % 2)};
    case 6:
      return {'f'};
    case 7:
      return {may_tell ? 't' : 'f'};
    default:
      return random() % 2 == 0 || !may_tell ? step{'T', below(40)} : step{'T'};
  }
}

std::vector<script> random_scripts(const std::string& mode) {
  const bool text = mode.find('b') == std::string::npos;
  static const char* const newlines[] = {"None", "''", "'\\n'", "'\\r'", "'\\r\\n'"};
  std::mt19937_64 random(std::hash<std::string>{}(mode));
  std::vector<script> scripts;
  for (std::size_t i = 0; i < (soak() ? 5000 : 300); ++i) {
    script next{
        mode, text ? newlines[random() % 5] : "None", "one\ntwo\r\nthree\rfour €\n\nend", {}};
    const std::size_t length = 3 + random() % 12;
    while (next.steps.size() < length) {
      next.steps.push_back(random_step(random, mode));
      // Read-ahead that CPython does not forget when it appends would show: C asks for a seek, too.
      if (mode == "a+b" && next.steps.back().call == 'w') {
        next.steps.push_back({'f'});
        next.steps.push_back({'s', static_cast<std::int64_t>(random() % 40)});
      }
    }
    scripts.push_back(std::move(next));
  }
  return scripts;
}

TEST_P(like_python, ReadingAndWritingMix) { compare(random_scripts("r+b")); }
TEST_P(like_python, ReadingAndWritingMixInANewFile) { compare(random_scripts("w+b")); }
TEST_P(like_python, ReadingAndAppendingMix) { compare(random_scripts("a+b")); }
TEST_P(like_python, ReadingMixesWithSeeks) { compare(random_scripts("rb")); }
TEST_P(like_python, WritingMixesWithSeeks) { compare(random_scripts("wb")); }
TEST_P(like_python, AppendingMixesWithSeeks) { compare(random_scripts("ab")); }
TEST_P(like_python, ReadingTextMixesWithSeeks) { compare(random_scripts("r")); }
TEST_P(like_python, WritingTextMixesWithSeeks) { compare(random_scripts("w")); }

}  // namespace
}  // namespace ringfiles::contract
