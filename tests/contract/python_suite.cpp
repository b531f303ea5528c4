#include "python_suite.hpp"

#include <algorithm>
#include <array>

namespace ringfiles::contract {
namespace {

newline newline_of(const std::string& expression) {
  if (expression == "''") return newline::untranslated;
  if (expression == "'\\n'") return newline::lf;
  if (expression == "'\\r'") return newline::cr;
  if (expression == "'\\r\\n'") return newline::crlf;
  return newline::universal;
}

text_errors errors_of(const std::string& name) {
  constexpr std::array names{"strict",           "ignore",          "replace",
                             "backslashreplace", "surrogateescape", "xmlcharrefreplace"};
  const auto found = std::find(names.begin(), names.end(), name);
  return static_cast<text_errors>(found - names.begin());
}

std::string say_failure(const error& failure) {
  if (failure.code() == errc::not_decodable) return say_undecodable();
  if (failure.code() == errc::not_utf8 && failure.operation() != "write") return say_undecodable();
  return failure.code().category() == std::generic_category() ? say_error(failure.number())
                                                              : say_refusal();
}

}  // namespace

task<std::string> python_suite::perform(file& f, const step& wanted) {
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
      case 'm':
        mark_ = co_await f.tell();
        co_return say_nothing();
      case 'b':
        co_await f.seek(static_cast<std::int64_t>(mark_));
        co_return say_nothing();
      default:
        co_await f.close();
        co_return say_nothing();
    }
  } catch (const error& failure) {
    co_return say_failure(failure);
  }
}

task<std::vector<std::string>> python_suite::play(const script& wanted) {
  std::vector<std::string> words;
  mark_ = 0;
  file f;
  try {
    const open_options options{.newline = newline_of(wanted.newline),
                               .encoding = std::string_view(wanted.encoding),
                               .errors = errors_of(wanted.errors)};
    f = co_await open("f", wanted.mode, options);
    words.push_back(say_nothing());
  } catch (const error& failure) {
    words.push_back(say_failure(failure));
  }
  if (f.is_open()) {
    for (const step& next : wanted.steps) {
      words.push_back(co_await perform(f, next));
      if (words.back() == say_undecodable()) break;
    }
    co_await f.close();
  }
  words.push_back(get("f") ? say_bytes(*get("f")) : say_nothing());
  co_return words;
}

void python_suite::compare(const std::vector<script>& scripts) {
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

}  // namespace ringfiles::contract
