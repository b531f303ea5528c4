#include "fs/glob.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>

namespace ringfiles::fs {
namespace {

namespace stdfs = std::filesystem;
using paths = std::vector<std::string>;

/// A tree of its own for each test, in which it works; patterns are relative to it.
class Glob : public ::testing::Test {
 protected:
  Glob() : outside_(stdfs::current_path()) {
    std::string name = (stdfs::temp_directory_path() / "glob_test.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    root_ = name;
    stdfs::current_path(root_);
  }
  ~Glob() override {
    stdfs::current_path(outside_);
    std::error_code ignored;
    stdfs::permissions(root_ / "shut", stdfs::perms::owner_all, ignored);
    stdfs::remove_all(root_, ignored);
  }

  /// Files; those that end in a slash are folders.
  static void tree(std::initializer_list<std::string_view> names) {
    for (const stdfs::path name : names) {
      if (name.has_parent_path()) stdfs::create_directories(name.parent_path());
      if (name.has_filename()) std::ofstream(name) << "x";
    }
  }

  paths expanded(const std::string& pattern) { return expand_glob(pattern, errors_); }
  paths listed(const std::string& folder) { return list_files(folder, errors_); }

  /// "path:errno" of what could not be read.
  paths failures() const {
    paths shown;
    for (const glob_failure& each : errors_) {
      shown.push_back(each.path + ":" + std::to_string(each.number));
    }
    return shown;
  }

  stdfs::path outside_;
  stdfs::path root_;
  glob_errors errors_;
};

/// For whom permissions count: root becomes nobody until the end of the test.
class as_nobody {
 public:
  as_nobody() : changed_(::geteuid() == 0 && ::seteuid(65534) == 0) {}
  ~as_nobody() {
    if (changed_ && ::seteuid(0) != 0) std::abort();
  }
  explicit operator bool() const { return ::geteuid() != 0; }

 private:
  bool changed_;
};

std::string failure(std::string_view path, int number) {
  return std::string(path) + ":" + std::to_string(number);
}

TEST_F(Glob, GivesBackAPathWithoutWildcardsWhetherOrNotItIsThere) {
  for (const std::string path : {"missing.log", "a//b", "a/", "", "back\\slash", "{x,y}"}) {
    EXPECT_EQ(expanded(path), paths{path});
  }
}

TEST_F(Glob, SortsWhatMatches) {
  tree({"b.log", "a.log", "B.log", "a.txt", "logs/c.log"});
  EXPECT_EQ(expanded("*.log"), (paths{"B.log", "a.log", "b.log"}));
  EXPECT_EQ(expanded("l*/*"), paths{"logs/c.log"});
  EXPECT_EQ(expanded("*.nothing"), paths{});
}

TEST_F(Glob, MatchesOneCharacterHoweverManyBytesItHas) {
  tree({"a1", "a\u00E9", "a\U0001F525", "a\xE9", "a12", "a"});
  EXPECT_EQ(expanded("a?"), (paths{"a1", "a\u00E9", "a\xE9", "a\U0001F525"}));
  EXPECT_EQ(expanded("a[\u00E9-\u00FF]"), paths{"a\u00E9"});
}

TEST_F(Glob, MatchesSetsOfCharacters) {
  tree({"a", "b", "c", "-", "]", "!", "[x", "^"});
  EXPECT_EQ(expanded("[ab]"), (paths{"a", "b"}));
  EXPECT_EQ(expanded("[a-c]"), (paths{"a", "b", "c"}));
  EXPECT_EQ(expanded("[!a-c]"), (paths{"!", "-", "]", "^"}));
  EXPECT_EQ(expanded("[]]"), paths{"]"});
  EXPECT_EQ(expanded("[!]a-c]"), (paths{"!", "-", "^"}));
  EXPECT_EQ(expanded("[a-]"), (paths{"-", "a"}));
  EXPECT_EQ(expanded("[c-a]"), paths{});
  EXPECT_EQ(expanded("[^a]"), (paths{"^", "a"}));
  EXPECT_EQ(expanded("[x"), paths{"[x"});
}

TEST_F(Glob, LeavesHiddenNamesToPatternsThatBeginWithADot) {
  tree({".hidden", ".d/x", "d/.y", "d/z"});
  EXPECT_EQ(expanded("*"), paths{"d"});
  EXPECT_EQ(expanded(".*"), (paths{".d", ".hidden"}));
  EXPECT_EQ(expanded("?hidden"), paths{});
  EXPECT_EQ(expanded("[.]hidden"), paths{});
  EXPECT_EQ(expanded("**"), (paths{"d", "d/z"}));
  EXPECT_EQ(expanded("**/.*"), (paths{".d", ".hidden", "d/.y"}));
}

TEST_F(Glob, GoesAnyDepthWithTwoStars) {
  tree({"a.log", "x/b.log", "x/y/c.log", "x/y/d.txt", "z/"});
  EXPECT_EQ(expanded("**/*.log"), (paths{"a.log", "x/b.log", "x/y/c.log"}));
  EXPECT_EQ(expanded("x/**"), (paths{"x/", "x/b.log", "x/y", "x/y/c.log", "x/y/d.txt"}));
  EXPECT_EQ(expanded("**/y/*"), (paths{"x/y/c.log", "x/y/d.txt"}));
  EXPECT_EQ(expanded("**/"), (paths{"x/", "x/y/", "z/"}));
  EXPECT_EQ(expanded("**/**/c.*"), paths{"x/y/c.log"});
  EXPECT_EQ(expanded("x**"), paths{"x"}) << "only as a whole name";
}

TEST_F(Glob, GivesFoldersOnlyForATrailingSlash) {
  tree({"file", "folder/"});
  EXPECT_EQ(expanded("f*/"), paths{"folder/"});
}

TEST_F(Glob, FindsAbsolutePathsAndThoseAbove) {
  tree({"x/a.log"});
  EXPECT_EQ(expanded(root_.string() + "/*/a.*"), paths{root_.string() + "/x/a.log"});
  stdfs::current_path("x");
  EXPECT_EQ(expanded("../x/./*"), paths{"../x/./a.log"});
}

TEST_F(Glob, TakesAnEscapedWildcardAsItIs) {
  tree({"a*b", "axb", "q?", "[1]", "n\\"});
  EXPECT_EQ(expanded("a\\*b"), paths{"a*b"});
  EXPECT_EQ(expanded("a\\*?"), paths{"a*b"});
  EXPECT_EQ(expanded("?\\?"), paths{"q?"});
  EXPECT_EQ(expanded("\\[1]"), paths{"[1]"});
  EXPECT_EQ(expanded("[[]1]"), paths{"[1]"});
  EXPECT_EQ(expanded("?\\\\"), paths{"n\\"});
}

TEST_F(Glob, DoesNotGoThroughLinksWithTwoStars) {
  tree({"real/a.log"});
  stdfs::create_directory_symlink("../real", "real/loop");
  stdfs::create_symlink("gone", "dangling");
  EXPECT_EQ(expanded("**/*.log"), paths{"real/a.log"});
  EXPECT_EQ(expanded("**"), (paths{"dangling", "real", "real/a.log", "real/loop"}));
  EXPECT_EQ(expanded("*/loop/*.log"), paths{"real/loop/a.log"}) << "a single star does";
}

TEST_F(Glob, NamesTheFoldersThatItCannotReadAndGoesOn) {
  tree({"open/a.log", "shut/b.log"});
  stdfs::permissions("shut", stdfs::perms::none);
  stdfs::permissions(".", stdfs::perms{0755});
  const as_nobody unprivileged;
  if (!unprivileged) GTEST_SKIP() << "root can read every folder and cannot become anyone else";
  EXPECT_EQ(expanded("**/*.log"), paths{"open/a.log"});
  EXPECT_EQ(failures(), paths{failure("shut", EACCES)});
  EXPECT_EQ(listed("."), paths{"./open/a.log"});
}

TEST_F(Glob, NamesAFolderThatIsTooDeepAndGoesOn) {
  tree({"a.log"});
  const std::string deep(300, 'x');
  std::string pattern = deep;
  pattern.append("/*");
  EXPECT_EQ(expanded(pattern), paths{});
  EXPECT_EQ(failures(), paths{failure(deep, ENAMETOOLONG)});
}

TEST_F(Glob, NamesAFailureOnce) {
  stdfs::create_symlink("loop", "loop");
  EXPECT_EQ(expanded("loop/**/*.log"), paths{});
  EXPECT_EQ(failures(), paths{failure("loop", ELOOP)});
}

TEST_F(Glob, FindsNothingInWhatIsNotThere) {
  tree({"file"});
  EXPECT_EQ(expanded("missing/*.log"), paths{});
  EXPECT_EQ(expanded("file/*.log"), paths{});
  EXPECT_EQ(failures(), paths{});
}

TEST_F(Glob, RefusesANulRatherThanCutThePatternThere) {
  tree({"a.log"});
  EXPECT_EQ(expanded(std::string("*.log\0x", 7)), paths{});
  EXPECT_EQ(errors_.at(0).number, EINVAL);
}

TEST_F(Glob, NeedsNoExponentialTimeForManyStars) {
  tree({std::string(200, 'a')});
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_EQ(expanded(pattern + "b"), paths{});
}

TEST_F(Glob, ListsAllFilesOfAFolderButNoLinks) {
  tree({"logs/b.log", "logs/a/c.log", "logs/.d", "logs/empty/"});
  stdfs::create_symlink("b.log", "logs/current");
  stdfs::create_directory_symlink("..", "logs/up");
  EXPECT_EQ(listed("logs"), (paths{"logs/.d", "logs/a/c.log", "logs/b.log"}));
  EXPECT_EQ(listed("logs/"), listed("logs"));
  stdfs::create_directory_symlink("logs", "link");
  EXPECT_EQ(listed("link").size(), 3U) << "the folder itself may be one";
  EXPECT_EQ(failures(), paths{});
}

TEST_F(Glob, SaysThatAFolderToListIsNotThere) {
  tree({"file"});
  EXPECT_EQ(listed("missing"), paths{});
  EXPECT_EQ(listed("file"), paths{});
  EXPECT_EQ(failures(), (paths{failure("missing", ENOENT), failure("file", ENOTDIR)}));
}

/// Writes into the file "answer" what Python finds for each line of the file "patterns", less what
/// is not there: for "gone/**" CPython 3.11 gives "gone/".
void ask_python() {
  std::ofstream("ask.py") << R"(
import glob, os
def as_bytes(path): return path.encode("utf-8", "surrogateescape")
patterns = open("patterns", encoding="utf-8").read().splitlines()
with open("answer", "wb") as answer:
    for pattern in patterns:
        found = filter(os.path.lexists, glob.glob(pattern, recursive=True))
        found = sorted(set(map(as_bytes, found)))
        answer.write(b" ".join(found) + b"\n")
)";
  ASSERT_EQ(std::system("python3 ask.py"), 0);
}

bool is_python_there() { return std::system("python3 -c '' 2>/dev/null") == 0; }

TEST_F(Glob, FindsWhatPythonFinds) {
  if (!is_python_there()) GTEST_SKIP() << "there is no python3 to compare with";
  tree({"a", "ab", "abc", ".h", "b/a", "b/.h", "b/c/a", "b/c/ab", ".d/a", "c-d", "c]", "[a",
        "\u00E9", "x/\xE9", "x/y/z/a", "e/"});
  std::mt19937 random(8);
  constexpr std::string_view pieces[] = {"a", "b", "c",  "*",   "?",    "[ab]",  "[!a]",
                                         "/", "/", "**", "**/", "/**/", "[b-y]", ".",
                                         "x", "[", "]",  "-",   "[]c]", "[!-]"};
  // Left out is what is meant to differ: paths without wildcards are not looked for, slashes in a
  // row are one, and `**/**` is `**` (Python gives folders in two ways then).
  paths patterns;
  while (patterns.size() < 3000) {
    std::string pattern;
    for (auto n = 1 + random() % 5; n > 0; --n) pattern += pieces[random() % std::size(pieces)];
    const bool compared = has_wildcard(pattern) && pattern.find("//") == std::string::npos &&
                          pattern.find("**/**") == std::string::npos &&
                          pattern.find("..") == std::string::npos && pattern.front() != '/';
    if (compared) patterns.push_back(pattern);
  }
  tree({"ask.py", "patterns", "answer"});
  std::ofstream question("patterns");
  for (const std::string& pattern : patterns) question << pattern << "\n";
  question.close();
  ask_python();
  std::ifstream answer("answer");
  std::size_t found = 0;
  for (const std::string& pattern : patterns) {
    std::string expected;
    ASSERT_TRUE(std::getline(answer, expected));
    std::string ours;
    for (const std::string& path : expanded(pattern)) ours += (ours.empty() ? "" : " ") + path;
    EXPECT_EQ(ours, expected) << pattern;
    found += ours.empty() ? 0 : 1;
  }
  EXPECT_GT(found, 500U) << "patterns that match nothing compare nothing";
}

}  // namespace
}  // namespace ringfiles::fs
