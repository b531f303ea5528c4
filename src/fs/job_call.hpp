// One blocking job in the pool: however many system calls it makes, the loop is woken once.
#pragma once

#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "engine/simple_call.hpp"
#include "ringfiles/error.hpp"

namespace ringfiles::fs {

/// What a job throws to fail with an errno; everything else that it throws goes to the caller.
struct job_failure {
  int number;
};

/// Throws job_failure when a wrapped system call (see sys/calls.hpp) failed.
inline std::int64_t require(std::int64_t result) {
  if (result < 0) throw job_failure{static_cast<int>(-result)};
  return result;
}

template <class T>
class job_call final : public detail::simple_call<T> {
 public:
  job_call(const char* name, std::string path, std::function<T()> work)
      : name_(name), path_(std::move(path)), work_(std::move(work)) {
    wanted_.code = opcode::job;
    wanted_.owner = this;
    wanted_.run = run;
    wanted_.ended = ended;
  }

 private:
  const char* name() const noexcept override { return name_; }
  std::string path() const override { return path_; }

  void begin() override {
    this->add_reference();  // the request's
    this->core_->submit(wanted_);
  }

  // On a pool thread: touches only what nobody else does until the request has ended.
  static void run(backend::request& request) noexcept {
    auto& self = *static_cast<job_call*>(request.owner);
    try {
      if constexpr (std::is_void_v<T>) {
        self.work_();
        self.made_.emplace();
      } else {
        self.made_.emplace(self.work_());
      }
      request.result = 0;
    } catch (const job_failure& failure) {
      request.result = -failure.number;
    } catch (...) {
      self.thrown_ = std::current_exception();
      request.result = 0;
    }
  }

  static void ended(backend::request& request) noexcept {
    auto& self = *static_cast<job_call*>(request.owner);
    self.finish([&] {
      if (request.result < 0)
        self.failure_ = detail::code_of(request.result);
      else if (self.thrown_)
        self.exception_ = std::exchange(self.thrown_, nullptr);
      else
        self.value_ = std::move(self.made_);
    });
    self.drop_reference();
  }

  void on_withdrawn() noexcept override {
    this->core_->cancel(wanted_);
    this->core_->park(wanted_);
  }

  const char* name_;
  std::string path_;
  std::function<T()> work_;
  std::optional<detail::storable<T>> made_;
  std::exception_ptr thrown_;
  backend::request wanted_;
};

template <class T, class Work>
operation<T> make_job(const char* name, std::string path, Work work) {
  return operation<T>(new job_call<T>(name, std::move(path), std::move(work)));
}

/// Throws job_failure{EINVAL} for a path that the kernel would cut short.
inline void require_no_nul(const std::string& path) {
  if (path.find('\0') != std::string::npos) throw job_failure{22};
}

}  // namespace ringfiles::fs
