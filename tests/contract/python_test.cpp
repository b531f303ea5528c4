// The same calls on CPython's open() and on ours: modes, positions, reading and writing mixed.
#include "python.hpp"

#include <random>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class like_python : public suite {
 protected:
  void compare(const std::vector<script>& scripts);

 private:
  task<std::string> perform(file& f, const step& wanted);
  task<std::vector<std::string>> play(const script& wanted);
};
CONTRACT_FOR_ALL(like_python);

newline newline_of(const std::string& expression) {
  if (expression == "''") return newline::untranslated;
  if (expression == "'\\n'") return newline::lf;
  if (expression == "'\\r'") return newline::cr;
  if (expression == "'\\r\\n'") return newline::crlf;
  return newline::universal;
}

std::string say_failure(const error& failure) {
  return failure.code().category() == std::generic_category() ? say_error(failure.number())
                                                              : say_refusal();
}

task<std::string> like_python::perform(file& f, const step& wanted) {
  const std::size_t limit = wanted.number < 0 ? all : static_cast<std::size_t>(wanted.number);
  try {
    switch (wanted.call) {
      case 'r':
        co_return say_bytes(co_await f.read(limit));
      case 'l':
        co_return say_bytes((co_await f.readline(limit)).value_or(""));
      case 'w':
        co_return say_number(co_await f.write(wanted.data));
      case 's':
        co_return say_number(co_await f.seek(wanted.number, static_cast<whence>(wanted.from)));
      case 't':
        co_return say_number(co_await f.tell());
      case 'T': {
        std::optional<std::int64_t> size;
        if (wanted.number >= 0) size = wanted.number;
        co_return say_number(co_await f.truncate(size));
      }
      case 'f':
        co_await f.flush();
        co_return say_nothing();
      default:
        co_await f.close();
        co_return say_nothing();
    }
  } catch (const error& failure) {
    co_return say_failure(failure);
  }
}

task<std::vector<std::string>> like_python::play(const script& wanted) {
  std::vector<std::string> words;
  file f;
  try {
    f = co_await open("f", wanted.mode, {.newline = newline_of(wanted.newline)});
    words.push_back(say_nothing());
  } catch (const error& failure) {
    words.push_back(say_failure(failure));
  }
  if (f.is_open()) {
    for (const step& next : wanted.steps) words.push_back(co_await perform(f, next));
    co_await f.close();
  }
  words.push_back(get("f") ? say_bytes(*get("f")) : say_nothing());
  co_return words;
}

void like_python::compare(const std::vector<script>& scripts) {
  const auto answers = ask_python(scripts);
  if (!answers) GTEST_SKIP() << "there is no python3 to compare with";
  // On a disk each script costs a file; all of them run in memory.
  const std::size_t stride = on_kernel() && !soak() ? 3 : 1;
  for (std::size_t i = 0; i < scripts.size() && !HasFailure(); i += stride) {
    if (memory() != nullptr)
      memory()->remove("f");
    else
      ::remove(path("f").c_str());
    if (scripts[i].content) put("f", *scripts[i].content);
    const auto ours = run([&]() { return play(scripts[i]); });
    EXPECT_EQ(ours, answers->at(i)) << scripts[i].text();
  }
}

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
