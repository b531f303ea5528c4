// iconv(3), as an object.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace ringfiles::text {

class iconv_handle {
 public:
  /// Unusable if the machine lacks one of the two encodings.
  iconv_handle(const char* to, const char* from) noexcept;
  ~iconv_handle();
  iconv_handle(const iconv_handle&) = delete;
  iconv_handle& operator=(const iconv_handle&) = delete;
  explicit operator bool() const noexcept { return usable_; }

  struct step {
    std::size_t used = 0;
    std::size_t made = 0;
    int stopped = 0;  ///< 0, or why it went no further: EILSEQ, EINVAL (incomplete), E2BIG
  };
  step convert(std::string_view raw, std::span<char> out) noexcept;
  /// Gives what it has kept back for a mark that may follow (CP1255 and CP1258 do), or what leads
  /// back to the initial shift state.
  step finish(std::span<char> out) noexcept;
  /// Forgets the shift state.
  void reset() noexcept;

 private:
  void* handle_;
  bool usable_;
};

}  // namespace ringfiles::text
