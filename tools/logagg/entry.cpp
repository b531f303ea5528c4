#include "logagg/entry.hpp"

#include <algorithm>
#include <utility>

namespace logagg {
namespace {

bool comes_earlier(const entry& a, const entry& b) noexcept { return compare_order(a, b) < 0; }

// The runs take turns, so the next text of this one is far from the one that is asked for next:
// too far for the processor to see it coming. Most texts are two cache lines.
void fetch_text(const entry& soon) noexcept {
  __builtin_prefetch(soon.text.data());
  __builtin_prefetch(soon.text.data() + 64);
}

}  // namespace

bool is_in_order(const std::vector<entry>& entries) noexcept {
  return std::ranges::is_sorted(entries, comes_earlier);
}

void put_in_order(std::vector<entry>& entries) { std::ranges::sort(entries, comes_earlier); }

merged_entries::merged_entries(std::vector<entry_run> runs) : runs_(std::move(runs)) {
  for (const auto& [each, texts] : runs_) {
    size_ += each.size();
    if (!each.empty()) heap_.push_back(rest_from(each.data(), each.data() + each.size()));
  }
  for (std::size_t at = heap_.size() / 2; at > 0; --at) sift_down(at - 1);
}

const entry* merged_entries::next() noexcept {
  if (heap_.empty()) return nullptr;
  rest& top = heap_.front();
  const entry* const found = top.first;
  if (found + 1 != top.end) {
    fetch_text(found[1]);
    top = rest_from(found + 1, top.end);
  } else {
    top = heap_.back();
    heap_.pop_back();
  }
  sift_down(0);
  return found;
}

bool merged_entries::is_before(const rest& a, const rest& b) noexcept {
  if (a.time != b.time) return a.time < b.time;
  if (a.file_index != b.file_index) return a.file_index < b.file_index;
  return comes_earlier(*a.first, *b.first);
}

// std's heaps can only be pushed to and popped from, which is twice the work.
void merged_entries::sift_down(std::size_t at) noexcept {
  for (std::size_t child = 2 * at + 1; child < heap_.size(); at = child, child = 2 * at + 1) {
    if (child + 1 < heap_.size() && is_before(heap_[child + 1], heap_[child])) ++child;
    if (!is_before(heap_[child], heap_[at])) return;
    std::swap(heap_[child], heap_[at]);
  }
}

}  // namespace logagg
