// What all calls of the mirror share: the settings, the tables and the one door to the backing
// folder. Header-only, for a program of a single source file (faultfs.cpp).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "fault_rules.hpp"
#include "fuse.hpp"
#include "inode_table.hpp"
#include "parked_requests.hpp"

namespace faultfs {

struct settings {
  bool direct_io = false;
  double timeout_s = 0;
  bool until_eof = false;
  const char* backing = nullptr;
  const char* mount = nullptr;
};

// libfuse calls plain functions; they share the one mirror of this process.
inline settings options;
inline inode_table inodes;
inline rule_set rules;
inline parked_requests parked;

using work = std::function<void(const verdict&)>;

// Asks the rules about this call, then fails, holds or does the `job`, which must reply.
inline void dispatch(fuse_req_t request, std::string_view operation, const std::string& path,
                     work job) {
  const verdict judged = rules.judge(operation, path);
  auto answer = [request, judged, job = std::move(job)] {
    if (judged.error != 0) {
      ::fuse_reply_err(request, judged.error);
    } else {
      job(judged);
    }
  };
  if (!judged.holds()) return answer();
  const parked_requests::clock::duration delay =
      judged.hang ? parked_requests::forever : judged.delay;
  parked.hold(request, {delay, !judged.deaf, judged.generation}, std::move(answer));
}

// For system calls that answer 0 or set errno.
inline void reply_result(fuse_req_t request, int result) {
  ::fuse_reply_err(request, result == 0 ? 0 : errno);
}

}  // namespace faultfs
