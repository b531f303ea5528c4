// deny: runs a program for which some system calls do not work.
//
//     deny ERRNO_OR_NAME CALL[,CALL…] -- PROGRAM [ARGUMENT…]
//     deny EPERM io_uring_setup,io_uring_enter,io_uring_register -- ./tests
//
// The calls answer the errno in PROGRAM and in all that it starts. A name that this machine's
// libseccomp does not know is an error, so that no test passes because of a typing mistake.
// Operations inside an io_uring are not system calls and are not affected.
//
// Exit status: that of PROGRAM; 125 for a bad command line or a refused filter, 127 when PROGRAM
// cannot be started.
#include <seccomp.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "errno_names.hpp"

namespace {

constexpr int cannot_deny = 125;
constexpr int cannot_start = 127;

int complain(const std::string& what) {
  std::fprintf(stderr, "deny: %s\n", what.c_str());
  return cannot_deny;
}

// Adds one rule. ERRORS: false for a name unknown here; negative numbers are the calls that
// libseccomp knows from other architectures only.
bool deny_call(scmp_filter_ctx filter, const std::string& name, int error) {
  const int number = ::seccomp_syscall_resolve_name(name.c_str());
  if (number < 0) return false;
  const std::uint32_t answer = SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error));
  return ::seccomp_rule_add(filter, answer, number, 0) == 0;
}

// ERRORS: 0, or the exit status after a complaint.
int install(std::string_view calls, int error) {
  scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return complain("no seccomp filter here");
  while (!calls.empty()) {
    const std::size_t comma = calls.find(',');
    const std::string name(calls.substr(0, comma));
    if (!deny_call(filter, name, error)) return complain("unknown system call: " + name);
    calls = comma == std::string_view::npos ? "" : calls.substr(comma + 1);
  }
  const int refused = ::seccomp_load(filter);
  ::seccomp_release(filter);
  if (refused == 0) return 0;
  const char* name = ::strerrorname_np(-refused);
  return complain(std::string("filter refused: ") + (name != nullptr ? name : "?"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || std::string_view(argv[3]) != "--" || argv[2][0] == '\0') {
    return complain("usage: deny ERRNO_OR_NAME CALL[,CALL...] -- PROGRAM [ARGUMENT...]");
  }
  const auto error = test_tools::parse_errno(argv[1]);
  if (!error) return complain(std::string("unknown errno: ") + argv[1]);
  const int status = install(argv[2], *error);
  if (status != 0) return status;
  ::execvp(argv[4], argv + 4);
  std::perror(argv[4]);
  return cannot_start;
}
