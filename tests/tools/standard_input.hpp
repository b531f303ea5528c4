// The end of standard input as the end of a program: no mount survives the test that made it.
#pragma once

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

namespace ringfiles::tools {

/// Turns the end of standard input into SIGTERM, until the process is gone: a signal that arrives
/// just before libfuse sleeps is lost, so it is sent again and again.
inline void end_with_standard_input() {
  constexpr std::chrono::milliseconds signal_again{100};
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) continue;
  while (true) {
    ::kill(::getpid(), SIGTERM);
    std::this_thread::sleep_for(signal_again);
  }
}

/// Runs `start`; threads that it starts leave the signals to the thread that can end the loop.
template <class Start>
void start_without_signals(Start start) {
  sigset_t all{};
  sigset_t before{};
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  start();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace ringfiles::tools
