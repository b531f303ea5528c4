#include "backend/choose.hpp"

#include <cstdlib>
#include <mutex>
#include <optional>
#include <string_view>

#include "backend/memory/memory_server.hpp"
#include "backend/threads/threads_backend.hpp"
#include "base/fork_guard.hpp"
#ifdef RINGFILES_HAS_URING
#include "backend/uring/candidate.hpp"
#endif

namespace ringfiles {
namespace backend {
namespace {

struct candidate {
  backend_kind kind;
  const char* why;
  bool (*available)(backend_refusal& refusal);
};

// In order of preference; the last one always works.
constexpr candidate candidates[] = {
#ifdef RINGFILES_HAS_URING
    {backend_kind::uring, "io_uring works here (a real read went through a ring)", uring_available},
#endif
    {backend_kind::threads, "the thread pool works everywhere",
     [](backend_refusal&) { return true; }},
};

backend_choice choose(backend_kind wanted, const char* by) {
  backend_choice choice;
  for (const candidate& tried : candidates) {
    if (wanted != backend_kind::automatic && tried.kind != wanted) continue;
    backend_refusal refusal;
    if (tried.available(refusal)) {
      choice.kind = tried.kind;
      choice.why =
          wanted == backend_kind::automatic ? tried.why : std::string("asked for by ") + by;
      return choice;
    }
    choice.refused.push_back(std::move(refusal));
  }
  choice.kind = backend_kind::threads;
  choice.why = std::string("what ") + by + " asked for is not to be had";
  return choice;
}

backend_choice probe() {
  const char* wanted = std::getenv("RINGFILES_BACKEND");
  if (wanted == nullptr || *wanted == '\0') return choose(backend_kind::automatic, "");
  constexpr const char* by = "RINGFILES_BACKEND";
  for (backend_kind kind : {backend_kind::uring, backend_kind::threads})
    if (std::string_view(wanted) == to_string(kind)) return choose(kind, by);
  backend_choice choice = choose(backend_kind::automatic, "");
  choice.refused.push_back(
      {std::string("RINGFILES_BACKEND=") + wanted, EINVAL, "unknown value: give uring or threads"});
  return choice;
}

}  // namespace

std::unique_ptr<backend> make_backend(const engine_options& options,
                                      std::shared_ptr<wake_up> wake) {
  backend_kind kind = options.memory != nullptr ? backend_kind::memory : options.backend;
  if (kind == backend_kind::automatic) kind = backend_report().kind;
  if (kind == backend_kind::memory)
    return std::make_unique<memory_backend>(std::move(wake), options.memory);
#ifdef RINGFILES_HAS_URING
  backend_refusal refusal;
  if (kind == backend_kind::uring &&
      (options.backend == backend_kind::automatic || uring_available(refusal)))
    return make_uring_backend(std::move(wake), options.concurrent);
#endif
  return std::make_unique<threads_backend>(std::move(wake));
}

}  // namespace backend

const char* to_string(backend_kind kind) noexcept {
  switch (kind) {
    case backend_kind::automatic:
      return "automatic";
    case backend_kind::uring:
      return "uring";
    case backend_kind::threads:
      return "threads";
    case backend_kind::memory:
      return "memory";
  }
  return "unknown";
}

backend_choice backend_report() {
  struct memory {
    std::mutex mutex;
    std::optional<backend_choice> choice;
    std::uint32_t generation = 0;
  };
  static memory& known = *new memory;
  std::lock_guard lock(known.mutex);
  const std::uint32_t now = base::process_generation();
  if (!known.choice || known.generation != now) {
    known.choice = backend::probe();
    known.generation = now;
  }
  return *known.choice;
}

std::string describe(const backend_choice& choice) {
  std::string text = std::string("back end: ") + to_string(choice.kind) + ": " + choice.why + "\n";
  for (const auto& refusal : choice.refused)
    text += "refused: " + refusal.what + ": " + std::generic_category().message(refusal.number) +
            " (errno " + std::to_string(refusal.number) +
            "); likely cause: " + refusal.likely_cause + "\n";
  return text;
}

}  // namespace ringfiles
