#include "text/iconv_handle.hpp"

#include <iconv.h>

#include <cerrno>
#include <cstdint>

namespace ringfiles::text {
namespace {

constexpr auto failed = static_cast<std::size_t>(-1);

}  // namespace

iconv_handle::iconv_handle(const char* to, const char* from) noexcept
    : handle_(::iconv_open(to, from)), usable_(reinterpret_cast<std::intptr_t>(handle_) != -1) {}

iconv_handle::~iconv_handle() {
  if (usable_) ::iconv_close(handle_);
}

iconv_handle::step iconv_handle::convert(std::string_view raw, std::span<char> out) noexcept {
  if (raw.empty()) return {};  // perhaps at no address at all, which would reset the shift state
  char nowhere = 0;            // a room without an address ends the process (glibc asserts)
  char* from = const_cast<char*>(raw.data());  // iconv(3) only reads it
  char* to = out.empty() ? &nowhere : out.data();
  std::size_t left = raw.size();
  std::size_t room = out.size();
  const std::size_t answer = ::iconv(handle_, &from, &left, &to, &room);
  return {raw.size() - left, out.size() - room, answer == failed ? errno : 0};
}

iconv_handle::step iconv_handle::finish(std::span<char> out) noexcept {
  char* to = out.data();
  std::size_t room = out.size();
  const std::size_t answer = ::iconv(handle_, nullptr, nullptr, &to, &room);
  return {0, out.size() - room, answer == failed ? errno : 0};
}

void iconv_handle::reset() noexcept { ::iconv(handle_, nullptr, nullptr, nullptr, nullptr); }

}  // namespace ringfiles::text
