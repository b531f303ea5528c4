// open() with an opener of the program's own: one job in the pool, then a file over what it gave.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <exception>
#include <mutex>
#include <utility>

#include "base/owned_fd.hpp"
#include "engine/simple_call.hpp"
#include "file/calls.hpp"
#include "sys/calls.hpp"

namespace ringfiles {
namespace detail {
namespace {

class opener_call final : public simple_call<file> {
 public:
  opener_call(std::string path, std::string_view mode, const open_options& options, opener by)
      : path_(std::move(path)), mode_words_(mode), options_(options), by_(std::move(by)) {}

 private:
  const char* name() const noexcept override { return "open"; }
  std::string path() const override { return path_; }
  std::string hint() const override { return refused_option(failure_, mode_words_, options_); }

  failure_code prepare() {
    const auto parsed = parse_open_mode(mode_words_);
    if (!parsed) return errc::invalid_mode;
    if (path_.find('\0') != std::string::npos) return errc::embedded_nul;
    mode_ = *parsed;
    return check_options(mode_, options_, codec_);
  }

  void begin() override {
    if (const failure_code refusal = prepare()) {
      finish([&] { failure_ = refusal; });
      return;
    }
    wanted_.code = opcode::job;
    wanted_.owner = this;
    wanted_.run = run;
    wanted_.ended = ended;
    add_reference();  // the request's
    core_->submit(wanted_);
  }

  // On a pool thread: touches only what nobody else does until the request has ended.
  static void run(backend::request& request) noexcept {
    auto& self = *static_cast<opener_call*>(request.owner);
    try {
      request.result = self.open_descriptor();
    } catch (...) {
      self.thrown_ = std::current_exception();
      request.result = 0;
    }
  }

  std::int64_t open_descriptor() {
    errno = 0;
    const int fd = by_(path_.c_str(), mode_.flags | O_CLOEXEC);
    if (fd < 0) return errno > 0 ? -errno : -EINVAL;
    base::owned_fd opened(fd);
    // Nobody waits any more; and the engine may have ended without this call, which takes nothing
    // back then.
    if (wanted_.cancel_asked.load(std::memory_order_relaxed)) return -ECANCELED;
    if (const int refused = sys::set_close_on_exec(fd); refused < 0) return refused;
    if (const int refused = sys::facts_of(fd, false, facts_); refused < 0) return refused;
    if (S_ISDIR(facts_.mode)) return -EISDIR;
    on_ = S_ISREG(facts_.mode) ? &backend::learn_device(fd, facts_.device)
                               : &backend::stream_device();
    opened_ = std::move(opened);
    return 0;
  }

  static void ended(backend::request& request) noexcept {
    auto& self = *static_cast<opener_call*>(request.owner);
    self.finish([&] { self.conclude(request.result); });
    self.drop_reference();  // cancelled meanwhile: opened_ closes what nobody gets
  }

  void conclude(std::int64_t result) {
    if (thrown_) {
      exception_ = std::exchange(thrown_, nullptr);
      return;
    }
    file made;
    if (result >= 0)
      result = adopt_descriptor(
          *core_,
          {opened_.get(), path_, mode_words_, mode_, options_, facts_, on_, true, false, codec_},
          made);
    if (result < 0) {
      failure_ = code_of(result);
    } else {
      opened_.release();
      value_.emplace(std::move(made));
    }
  }

  void on_withdrawn() noexcept override {
    core_->cancel(wanted_);
    core_->park(wanted_);
  }

  std::string path_;
  std::string mode_words_;
  open_options options_;
  opener by_;
  open_mode mode_;
  const text::codec* codec_ = nullptr;
  sys::file_facts facts_;
  const backend::device* on_ = nullptr;
  base::owned_fd opened_;
  std::exception_ptr thrown_;
  backend::request wanted_;
};

}  // namespace
}  // namespace detail

operation<file> open(std::filesystem::path path, std::string_view mode, open_options options,
                     opener by) {
  return operation<file>(new detail::opener_call(path.string(), mode, options, std::move(by)));
}

operation<file> open(engine& engine, std::filesystem::path path, std::string_view mode,
                     open_options options, opener by) {
  auto* call = new detail::opener_call(path.string(), mode, options, std::move(by));
  operation<file> opening(call);
  call->bind(engine.core());
  return opening;
}

}  // namespace ringfiles
