// What users and the world hand in: paths that are none, files that are no files, full disks.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class bad_paths : public suite {
 protected:
  task<> expect_refused(std::string whole_path, std::string mode, int number,
                        std::source_location at = std::source_location::current()) {
    co_await expect_error(ringfiles::open(loop(), whole_path, mode), number, "open", whole_path,
                          at);
  }
};
CONTRACT_FOR_ALL(bad_paths);

TEST_P(bad_paths, AMissingFile) {
  run([&]() -> task<> {
    co_await expect_refused(path("none"), "r", ENOENT);
    co_await expect_refused(path("none"), "r+", ENOENT);
    co_await expect_refused("", "r", ENOENT);
  });
  EXPECT_EQ(get("none"), std::nullopt);
}

TEST_P(bad_paths, AnEmbeddedNulIsNotCutShort) {
  put("a", "x");
  run([&]() -> task<> {
    const std::string cut = path("a") + std::string("\0b", 2);
    co_await expect_refused(cut, "r", EINVAL);
    co_await expect_refused(cut, "w", EINVAL);
    const auto failure = co_await error_of(ringfiles::open(loop(), cut, "r"));
    EXPECT_TRUE(failure && failure->code() == errc::embedded_nul);
  });
  EXPECT_EQ(get("a"), "x");
}

TEST_P(bad_paths, AnUnknownMode) {
  put("a", "x");
  run([&]() -> task<> {
    for (const char* mode : {"", "b", "q", "rw", "rbt", "r ", "R", "U", "r+w+", "\n"}) {
      co_await expect_refused(path("a"), mode, EINVAL);
      const auto failure = co_await error_of(open("a", mode));
      EXPECT_TRUE(failure && failure->code() == errc::invalid_mode);
    }
  });
  EXPECT_EQ(get("a"), "x");
}

TEST_P(bad_paths, AFileThatMustNotExist) {
  put("a", "x");
  run([&]() -> task<> { co_await expect_refused(path("a"), "x", EEXIST); });
  EXPECT_EQ(get("a"), "x");
}

TEST_P(bad_paths, NamesOfAnyBytes) {
  const std::string name = "\xff\xfe name\nwith 'everything' \xe2\x82\xac";
  run([&]() -> task<> {
    file f = co_await open(name, "w");
    EXPECT_EQ(f.path(), path(name));
    co_await f.write("found");
    co_await f.close();
  });
  EXPECT_EQ(get(name), "found");
}

class bad_places : public bad_paths {};
CONTRACT_FOR_KERNEL(bad_places);

TEST_P(bad_places, NamesThatAreTooLong) {
  run([&]() -> task<> {
    co_await expect_refused(path(std::string(256, 'n')), "w", ENAMETOOLONG);
    co_await expect_refused(path(std::string(5000, 'n')), "r", ENAMETOOLONG);
    std::string deep = path("");
    while (deep.size() < 5000) deep += "d/";
    co_await expect_refused(deep, "r", ENAMETOOLONG);
  });
}

TEST_P(bad_places, Folders) {
  std::filesystem::create_directory(path("folder"));
  put("a", "x");
  for (int again = 0; again < 2; ++again) {  // the second time from the cache
    run([&]() -> task<> {
      co_await expect_refused(path("folder"), "r", EISDIR);
      co_await expect_refused(path("folder"), "rb", EISDIR);
      co_await expect_refused(path("folder"), "w", EISDIR);
      co_await expect_refused(path("folder"), "r+", EISDIR);
      co_await expect_refused(path("folder"), "a", EISDIR);
      co_await expect_refused(path("folder/"), "w", EISDIR);
      co_await expect_refused(path("a/b"), "r", ENOTDIR);
      co_await expect_refused(path("a/"), "r", ENOTDIR);
      co_await expect_refused(path("none/b"), "w", ENOENT);
    });
  }
}

TEST_P(bad_places, Links) {
  std::filesystem::create_symlink("nowhere", path("dangling"));
  std::filesystem::create_symlink("loop", path("loop"));
  std::filesystem::create_symlink("nowhere2", path("creates"));
  run([&]() -> task<> {
    co_await expect_refused(path("dangling"), "r", ENOENT);
    co_await expect_refused(path("dangling"), "x", EEXIST);
    co_await expect_refused(path("loop"), "r", ELOOP);
    file f = co_await open("creates", "w");
    co_await f.write("made");
    co_await f.close();
  });
  EXPECT_EQ(get("nowhere2"), "made");
}

TEST_P(bad_places, Sockets) {
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path("socket");
  if (name.size() >= sizeof address.sun_path) GTEST_SKIP() << "the folder's name is too long";
  name.copy(address.sun_path, name.size());
  EXPECT_EQ(::bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  run([&]() -> task<> {
    co_await expect_refused(name, "r", ENXIO);
    co_await expect_refused(name, "w", ENXIO);
  });
  ::close(server);
}

TEST_P(bad_places, FilesThatMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  put("secret", "x");
  ::chmod(path("secret").c_str(), 0);
  run([&]() -> task<> { co_await expect_refused(path("secret"), "r", EACCES); });
}

TEST_P(bad_places, PermissionsOfNewFiles) {
  const mode_t before = ::umask(027);
  run([&]() -> task<> {
    co_await open("default", "w");
    co_await open("private", "w", {.permissions = 0600});
  });
  ::umask(before);
  struct stat about{};
  ::stat(path("default").c_str(), &about);
  EXPECT_EQ(about.st_mode & 0777U, 0640U);
  ::stat(path("private").c_str(), &about);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

// ---- Files whose size says nothing
// ---------------------------------------------------------------

class made_up_files : public suite {
 protected:
  std::string whole(const std::string& name, const std::string& mode) {
    return run([&]() -> task<std::string> {
      file f = co_await ringfiles::open(name, mode);
      co_return co_await f.read();
    });
  }
};
CONTRACT_FOR_KERNEL(made_up_files);

TEST_P(made_up_files, OfProcAreReadToTheirEnd) {
  for (int again = 0; again < 2; ++again) {
    EXPECT_NE(whole("/proc/self/status", "r").find("VmRSS"), std::string::npos);
    EXPECT_NE(whole("/proc/self/mountinfo", "rb").find(" / "), std::string::npos);
    EXPECT_GT(whole("/proc/self/maps", "r").size(), 1000U);
    EXPECT_EQ(whole("/proc/self/comm", "r").back(), '\n');
  }
  run([&]() -> task<> {
    file f = co_await ringfiles::open("/proc/self/status");
    int lines = 0;
    while (co_await f.readline()) ++lines;
    EXPECT_GT(lines, 10);
    co_await f.seek(0);
    EXPECT_TRUE((co_await f.readline())->starts_with("Name:"));
    EXPECT_EQ((co_await f.read_at(0, 5)), "Name:");
  });
}

TEST_P(made_up_files, OfSysSayMoreThanTheyHold) {
  const std::string name = "/sys/kernel/mm/transparent_hugepage/enabled";
  if (!std::filesystem::exists(name)) GTEST_SKIP() << "there is no " << name;
  EXPECT_LT(whole(name, "r").size(), 4096U);
}

TEST_P(made_up_files, DevZeroAndNullAndFull) {
  run([&]() -> task<> {
    file zero = co_await ringfiles::open("/dev/zero", "rb");
    EXPECT_EQ(co_await zero.read(100'000), std::string(100'000, '\0'));
    file null = co_await ringfiles::open("/dev/null", "r");
    EXPECT_EQ(co_await null.read(), "");
    file sink = co_await ringfiles::open("/dev/null", "wb");
    EXPECT_EQ(co_await sink.write(std::string(1'000'000, 'x')), 1'000'000U);
    co_await sink.close();
    file full = co_await ringfiles::open("/dev/full", "wb");
    co_await full.write("x");
    co_await expect_error(full.flush(), ENOSPC, "flush", "/dev/full");
    co_await expect_error(full.close(), ENOSPC, "close", "/dev/full");
  });
}

TEST_P(made_up_files, ThatWereDeletedAreStillRead) {
  put("a", pattern(300'000));
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    std::filesystem::remove(path("a"));
    EXPECT_BYTES(co_await f.read(), pattern(300'000));
    co_await f.write("more");
    co_await f.close();
  });
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(made_up_files, OpenedAgainThroughTheirDescriptor) {
  put("a", "0123456789");
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    file again = co_await ringfiles::open("/proc/self/fd/" + std::to_string(f.native_handle()));
    EXPECT_EQ(co_await again.read(), "0123456789");
  });
}

// ---- A disk that is full
// -------------------------------------------------------------------------

class full_disk : public suite {
 protected:
  void SetUp() override {
    suite::SetUp();
    std::filesystem::create_directory(path("disk"));
    if (::mount("full", path("disk").c_str(), "tmpfs", 0, "size=1m") != 0)
      GTEST_SKIP() << "mount: " << std::generic_category().message(errno);
    mounted_ = true;
  }
  void TearDown() override {
    end_engine();
    if (mounted_) ::umount2(path("disk").c_str(), MNT_DETACH);
  }
  bool mounted_ = false;
};
CONTRACT_FOR_KERNEL(full_disk);

TEST_P(full_disk, HoldsWhatWasAcknowledged) {
  for (const std::size_t size : {std::size_t{1000}, std::size_t{50'000}, std::size_t{700'000}}) {
    std::size_t acknowledged = 0;
    int errors = 0;
    run([&]() -> task<> {
      file f = co_await open("disk/a", "wb");
      while (errors == 0 && acknowledged < 3'000'000) {
        try {
          acknowledged += co_await f.write(pattern(size, acknowledged));
          co_await f.flush();
        } catch (const error& failure) {
          EXPECT_EQ(failure.number(), ENOSPC);
          ++errors;
        }
      }
      errors += co_await error_of(f.close()) ? 1 : 0;
    });
    const std::string content = get("disk/a").value_or("");
    EXPECT_GE(errors, 1);
    EXPECT_BYTES(content, pattern(content.size()));
    EXPECT_GE(content.size() + size, acknowledged) << "at most the last write is lost, and told";
    std::filesystem::remove(path("disk/a"));
  }
}

}  // namespace
}  // namespace ringfiles::contract
