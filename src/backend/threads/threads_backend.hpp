// The back end that works everywhere: inline where that cannot wait, else a pool thread.
#pragma once

#include <atomic>
#include <memory>

#include "backend/backend.hpp"
#include "backend/threads/completion_sink.hpp"

namespace ringfiles::backend {

class threads_backend final : public backend {
 public:
  explicit threads_backend(std::shared_ptr<wake_up> wake)
      : sink_(std::make_shared<completion_sink>(std::move(wake))) {}

  backend_kind kind() const noexcept override { return backend_kind::threads; }
  std::int64_t try_inline(request& wanted) noexcept override;
  void submit(request& wanted) noexcept override;
  bool submit_behind(request& first, request& wanted) noexcept override;
  void cancel(request& wanted) noexcept override;
  void reap(request_queue& ended) noexcept override { sink_->take(ended); }
  void serve_blocking(request& wanted) noexcept override;
  void add_to(statistics&) const noexcept override {}

 private:
  std::shared_ptr<completion_sink> sink_;
};

}  // namespace ringfiles::backend
