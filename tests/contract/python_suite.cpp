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

std::vector<std::string> pieces_of(std::string_view data) {
  std::vector<std::string> pieces;
  for (;;) {
    const std::size_t end = data.find('|');
    pieces.emplace_back(data.substr(0, end));
    if (end == data.npos) return pieces;
    data.remove_prefix(end + 1);
  }
}

task<std::vector<std::string>> iterate(file& f) {
  std::vector<std::string> found;
  while (const auto batch = co_await f.next_lines())
    for (const std::string_view line : *batch) found.emplace_back(line);
  co_return found;
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
      case '1':
        co_return say_bytes(co_await f.read1(limit));
      case 'p':
        co_return say_bytes(co_await f.peek(1));
      case 'x':
        co_return say_bytes(co_await f.read_exactly(limit));
      case 'i': {
        std::string room(limit, '?');
        room.resize(co_await f.readinto(std::as_writable_bytes(std::span(room.data(), limit))));
        co_return say_bytes(room);
      }
      case 'L':
        co_return say_lines(co_await f.readlines(limit));
      case 'n':
        co_return say_lines(co_await iterate(f));
      case 'W':
        co_await f.writelines(pieces_of(wanted.data));
        co_return say_nothing();
      case 'q':
        co_return say_number(f.line_buffering() ? 1 : 0);
      case 'N': {
        const line_ends met = f.newlines();
        co_return say_number((met.lf ? 1U : 0U) + (met.cr ? 2U : 0U) + (met.crlf ? 4U : 0U));
      }
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
      case 'h':
        co_await f.seek(0, whence::current);
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
    open_options options{.newline = newline_of(wanted.newline),
                         .encoding = std::string_view(wanted.encoding),
                         .errors = errors_of(wanted.errors)};
    if (wanted.buffering == 0) options.buffering = buffering::none;
    if (wanted.buffering == 1) options.buffering = buffering::lines;
    if (wanted.buffering > 1) options.buffer_bytes = static_cast<std::size_t>(wanted.buffering);
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
    EXPECT_EQ(answer(scripts[i]), answers->at(i)) << scripts[i].text();
  }
}

std::vector<std::string> python_suite::answer(const script& wanted) {
  if (memory() != nullptr)
    memory()->remove("f");
  else
    ::remove(path("f").c_str());
  if (wanted.content) put("f", *wanted.content);
  return run([&]() { return play(wanted); });
}

}  // namespace ringfiles::contract
