// write_bytes with `atomic`: the file is replaced whole, and nothing else is left beside it.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "base/owned_fd.hpp"
#include "fixture.hpp"
#include "sys/calls.hpp"

namespace ringfiles::contract {
namespace {

class atomic_write : public suite {
 protected:
  ~atomic_write() override { sys::table = sys::kernel_table(); }

  operation<void> replace(std::string_view name, std::string bytes, unsigned permissions = 0666) {
    return write_bytes(path(name), std::move(bytes), {.atomic = true, .permissions = permissions});
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path(".")))
      found.push_back(entry.path().filename());
    std::sort(found.begin(), found.end());
    return found;
  }
  base::owned_fd locked(std::string_view name) const {
    base::owned_fd file(::open(path(name).c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(::flock(file.get(), LOCK_EX | LOCK_NB), 0);
    return file;
  }
};
CONTRACT_FOR_KERNEL(atomic_write);

using list = std::vector<std::string>;

TEST_P(atomic_write, LeavesTheFileAlone) {
  put("a", "old");
  run([&]() -> task<> { co_await replace("a", "new"); });
  EXPECT_EQ(get("a"), "new");
  EXPECT_EQ(names(), list{"a"});
}

TEST_P(atomic_write, TakesNamesThatAreAsLongAsTheyMayBe) {
  const std::string longest(255, 'n');
  run([&]() -> task<> { co_await replace(longest, "new"); });
  EXPECT_EQ(names(), list{longest});
}

TEST_P(atomic_write, RemovesWhatAKilledWriterLeft) {
  put("a", "old");
  put("a.ringfiles-0", "ha");
  run([&]() -> task<> { co_await replace("a", "new"); });
  EXPECT_EQ(get("a"), "new");
  EXPECT_EQ(names(), list{"a"});
}

TEST_P(atomic_write, RemovesWhatMayOnlyBeRead) {
  put("a.ringfiles-0", "ha");
  ASSERT_EQ(::chmod(path("a.ringfiles-0").c_str(), 0400), 0);
  run([&]() -> task<> { co_await replace("a", "new", 0400); });
  EXPECT_EQ(names(), list{"a"});
}

TEST_P(atomic_write, LeavesAnotherWritersFile) {
  put("a.ringfiles-0", "half of another wri");
  const auto other = locked("a.ringfiles-0");
  run([&]() -> task<> { co_await replace("a", "new"); });
  EXPECT_EQ(get("a"), "new");
  EXPECT_EQ(get("a.ringfiles-0"), "half of another wri");
  EXPECT_EQ(names(), (list{"a", "a.ringfiles-0"}));
}

TEST_P(atomic_write, NeitherFollowsNorRemovesALink) {
  put("precious", "gold");
  std::filesystem::create_symlink("precious", path("a.ringfiles-0"));
  run([&]() -> task<> { co_await replace("a", "new"); });
  EXPECT_EQ(get("precious"), "gold");
  EXPECT_EQ(names(), (list{"a", "a.ringfiles-0", "precious"}));
}

TEST_P(atomic_write, DoesNotWaitForAFifo) {
  ASSERT_EQ(::mkfifo(path("a.ringfiles-0").c_str(), 0600), 0);
  run([&]() -> task<> { co_await replace("a", "new"); });
  EXPECT_EQ(get("a"), "new");
}

TEST_P(atomic_write, ManyWritersOfOnePathLeaveOneWholeFile) {
  run([&]() -> task<> {
    std::vector<task<>> writers;
    for (char letter = 'a'; letter <= 'z'; ++letter)
      writers.push_back([](operation<void> call) -> task<> {
        co_await std::move(call);
      }(replace("a", std::string(20'000, letter))));
    co_await gather(std::move(writers));
  });
  const std::string content = get("a").value_or("");
  ASSERT_EQ(content.size(), 20'000U);
  EXPECT_EQ(content, std::string(20'000, content[0]));
  EXPECT_EQ(names(), list{"a"});
}

TEST_P(atomic_write, ThatFailsLeavesNothing) {
  std::filesystem::create_directory(path("folder"));
  run([&]() -> task<> {
    co_await expect_error(replace("folder", "x"), EISDIR, "write_bytes", path("folder"));
    co_await expect_error(replace("none/a", "x"), ENOENT, "write_bytes", path("none/a"));
  });
  EXPECT_EQ(names(), list{"folder"});
}

TEST_P(atomic_write, IsNotSatisfiedWithAFolderSyncOfADeadFileSystem) {
  put("a", "old");
  // What XFS does after a shutdown: fsync(2) of a folder says success, statx(2) does not.
  sys::table.statx = [](int fd, const char* path, bool cached, sys::file_facts* facts) {
    const int result = sys::kernel_table().statx(fd, path, cached, facts);
    if (result != 0 || !S_ISDIR(facts->mode)) return result;
    errno = EIO;
    return -1;
  };
  run([&]() -> task<> {
    co_await expect_error(replace("a", "new"), EIO, "write_bytes", path("a"));
  });
}

TEST_P(atomic_write, GivesEachFailedSyncToTheCaller) {
  put("a", "old");
  sys::table.fsync = [](int fd) {
    sys::file_facts facts;
    if (sys::kernel_table().statx(fd, "", true, &facts) == 0 && !S_ISDIR(facts.mode))
      return sys::kernel_table().fsync(fd);
    errno = ENOSPC;
    return -1;
  };
  run([&]() -> task<> {
    co_await expect_error(replace("a", "new"), ENOSPC, "write_bytes", path("a"));
  });
  sys::table.fsync = [](int) { return errno = EIO, -1; };
  run([&]() -> task<> {
    co_await expect_error(replace("a", "newer"), EIO, "write_bytes", path("a"));
  });
  EXPECT_EQ(get("a"), "new") << "the file that could not be synced must not take its place";
  EXPECT_EQ(names(), list{"a"});
}

}  // namespace
}  // namespace ringfiles::contract
