// The same errno, the same data and the same tree afterwards as CPython's open(), on every back
// end, whatever a path leads to.
#include "strange_places.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <future>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class strange : public suite {
 protected:
  strange() : before_(std::filesystem::current_path()) {}
  ~strange() override { std::filesystem::current_path(before_); }

  static std::string say_failure(const error& failure) {
    const bool of_kernel = failure.code().category() == std::generic_category();
    return of_kernel && failure.number() != EINVAL ? say_error(failure.number()) : say_refusal();
  }

  static task<std::string> perform(file& f, const step& wanted) {
    const std::size_t limit = wanted.number < 0 ? all : static_cast<std::size_t>(wanted.number);
    try {
      switch (wanted.call) {
        case 'r':
          co_return say_bytes(co_await f.read(limit), all);
        case 'l':
          co_return say_bytes((co_await f.readline(limit)).value_or(""), all);
        case 'w':
          co_return say_number(co_await f.write(wanted.data));
        case 's':
          co_return say_number(co_await f.seek(wanted.number, static_cast<whence>(wanted.from)));
        case 't':
          co_return say_number(co_await f.tell());
        case 'T':
          co_return say_number(co_await f.truncate(wanted.number));
        case 'f':
          co_await f.flush();
          co_return say_nothing();
        case 'k':
          ::close(f.native_handle());
          co_return say_nothing();
        default:
          co_await f.close();
          co_return say_nothing();
      }
    } catch (const error& failure) {
      co_return say_failure(failure);
    }
  }

  static task<std::vector<std::string>> play(std::string path, const place& wanted) {
    std::vector<std::string> words;
    file f;
    try {
      f = co_await ringfiles::open(path, wanted.mode);
      words.push_back(say_nothing());
    } catch (const error& failure) {
      words.push_back(say_failure(failure));
    }
    if (f.is_open()) {
      for (const step& next : wanted.steps) words.push_back(co_await perform(f, next));
      co_await error_of(f.close());
    }
    co_return words;
  }

  std::vector<std::string> visit(const place& wanted, const std::string& tree) {
    std::filesystem::current_path(tree);
    if (wanted.beside == 'd') {
      std::filesystem::current_path("folder/empty");
      std::filesystem::remove("../empty");
    }
    std::string path = wanted.path;
    if (path.starts_with('@')) path.replace(0, 1, tree);
    std::future<std::string> peer;
    if (wanted.beside == 'w' || wanted.beside == 'r')
      peer = std::async(std::launch::async, play_peer, wanted.beside, path);
    std::vector<std::string> words = run([&] { return play(path, wanted); });
    if (wanted.beside == 'r') words.push_back(say_bytes(peer.get(), all));
    return words;
  }

  /// What Python gives, and the tree that it leaves behind.
  struct answer {
    std::vector<std::string> words;
    std::string tree;
  };
  /// Each place in a tree of its own. Few at a time: small file systems have few inodes.
  std::vector<answer> answers_of_python(const std::vector<place>& places) {
    std::vector<answer> answers;
    for (std::size_t first = 0; first < places.size(); first = answers.size()) {
      const std::size_t end = std::min(first + 64, places.size());
      const auto from = places.begin();
      for (std::size_t i = first; i < end; ++i)
        build_tree(path("python/" + std::to_string(i - first)));
      const auto words = ask_python(
          {from + static_cast<std::ptrdiff_t>(first), from + static_cast<std::ptrdiff_t>(end)},
          path("python"));
      if (!words) return {};
      for (std::size_t i = 0; i < words->size(); ++i)
        answers.push_back({(*words)[i], describe_tree(path("python/" + std::to_string(i)))});
      std::filesystem::remove_all(path("python"));
    }
    return answers;
  }

  void compare(const std::vector<place>& places, const std::vector<answer>& expected) {
    std::string untouched;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (untouched.empty()) {
        build_tree(path("ours"));
        untouched = describe_tree(path("ours"));
      }
      EXPECT_EQ(visit(places[i], path("ours")), expected[i].words) << places[i].text();
      const std::string tree = describe_tree(path("ours"));
      EXPECT_EQ(tree, expected[i].tree) << places[i].text();
      std::filesystem::current_path(before_);
      if (tree == untouched) continue;
      std::filesystem::remove_all(path("ours"));
      untouched.clear();
    }
  }

 private:
  std::filesystem::path before_;
};
CONTRACT_FOR_KERNEL(strange);

TEST_P(strange, PlacesAreAnsweredAsByPython) {
  static const std::vector<place> places = strange_places(soak());
  static const std::vector<answer> expected = answers_of_python(places);  // for all back ends
  if (expected.empty()) GTEST_SKIP() << "there is no python3 to compare with";
  compare(places, expected);
  std::printf("%zu places\n", places.size());
}

// CPython opens it, and then refuses because it cannot seek there.
TEST_P(strange, AFifoMayBeOpenedForReadingAndWriting) {
  build_tree(path("tree"));
  for (const char* const mode : {"r+", "r+b", "w+", "a+b"})
    run([&]() -> task<> {
      file f = co_await open("tree/fifo", mode);
      co_await f.write("round\n");
      co_await f.flush();
      EXPECT_EQ(co_await f.readline(), "round\n") << mode;
      co_await expect_error(f.seek(0), ESPIPE, "seek", path("tree/fifo"));
    });
}

}  // namespace
}  // namespace ringfiles::contract
