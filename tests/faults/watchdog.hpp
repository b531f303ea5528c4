// A run that hangs ends the program, and says which it was.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <string>

namespace ringfiles::faults {

class watchdog {
 public:
  explicit watchdog(std::string name) {
    constexpr unsigned patience_s = 30;  // a run takes a millisecond; a busy machine has pauses
    watched() = "hung: " + std::move(name) + "\n";
    ::signal(SIGALRM, [](int) {
      static_cast<void>(!::write(STDERR_FILENO, watched().data(), watched().size()));
      ::_exit(1);
    });
    ::alarm(patience_s);
  }
  ~watchdog() { ::alarm(0); }
  watchdog(const watchdog&) = delete;

 private:
  static std::string& watched() {
    static std::string name;
    return name;
  }
};

}  // namespace ringfiles::faults
