// Which facility of the kernel serves, and why.
//
// Three back ends stand behind one seam. `uring` uses io_uring for what it does well and the
// thread pool for the rest; `threads` uses the pool alone; `memory` is a file system in this
// process (see <ringfiles/memory.hpp>). The choice is made at run time by doing: a ring is set up
// with the very flags used later and a real operation is sent through it.
//
// The environment variable RINGFILES_BACKEND=uring|threads overrides the choice; a program does so
// with engine_options::backend. Nothing else in a program changes with it.
#pragma once

#include <string>
#include <vector>

namespace ringfiles {

enum class backend_kind { automatic, uring, threads, memory };

/// "automatic", "uring", "threads", "memory".
const char* to_string(backend_kind kind) noexcept;

/// One thing that was tried and refused.
struct backend_refusal {
  std::string what;          ///< the candidate, or the operation on a file system: "uring"
  int number = 0;            ///< errno
  std::string likely_cause;  ///< e.g. "seccomp, as in a container", with the remedy
};

struct backend_choice {
  backend_kind kind = backend_kind::threads;
  std::string why;                       ///< one sentence
  std::vector<backend_refusal> refused;  ///< in the order in which they were tried
};

/// What a new engine of this process gets with engine_options{}: probed once, then remembered
/// (a forked child probes anew). The first call costs well under a millisecond.
/// SAFETY: any thread.
backend_choice backend_report();

/// The same as text for people, several lines, each ended by '\n'.
std::string describe(const backend_choice& choice);

}  // namespace ringfiles
