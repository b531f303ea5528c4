#include "text/single_byte_codec.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "text/code_points.hpp"
#include "text/iconv_handle.hpp"

namespace ringfiles::text {
namespace {

/// Behind a byte above 7F come more, as a rule: that many are looked up before the next stretch of
/// ASCII is hoped for.
constexpr std::size_t looked_up_at_once = 16;

std::array<std::int32_t, 256> identity(std::size_t count) noexcept {
  std::array<std::int32_t, 256> points;
  for (std::size_t i = 0; i < points.size(); ++i)
    points[i] = i < count ? static_cast<std::int32_t>(i) : single_byte_table::undefined;
  return points;
}

std::array<std::int32_t, 256> ask_iconv(const char* name) {
  std::array<std::int32_t, 256> points;
  points.fill(single_byte_table::undefined);
  iconv_handle table("UTF-8", name);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const char byte = static_cast<char>(i);
    char made[most_character_bytes];
    const auto step = table.convert({&byte, 1}, made);
    const auto rest = table.finish(std::span(made).subspan(step.made));
    if (step.used == 1 && step.made + rest.made > 0)
      points[i] = static_cast<std::int32_t>(first_code_point({made, sizeof made}).value);
    table.reset();
  }
  return points;
}

/// Made when first asked for, and kept.
const single_byte_table& table_of(const codec& of) {
  static std::mutex mutex;
  static auto& tables = *new std::map<std::string_view, std::unique_ptr<single_byte_table>>;
  const std::lock_guard lock(mutex);
  auto& found = tables[of.name];
  if (found) return *found;
  if (of.name == "ascii")
    found = std::make_unique<single_byte_table>(identity(128), "ordinal not in range(128)");
  else if (of.name == "latin-1")
    found = std::make_unique<single_byte_table>(identity(256), "ordinal not in range(256)");
  else
    found = std::make_unique<single_byte_table>(ask_iconv(of.of_iconv),
                                                "character maps to <undefined>");
  return *found;
}

class single_byte_decoder final : public decoder {
 public:
  explicit single_byte_decoder(const single_byte_table& table) noexcept : table_(table) {}

  decode_step decode(std::string_view raw, std::span<char> out, bool) noexcept override {
    const char* from = raw.data();
    const char* const end = from + raw.size();
    char* to = out.data();
    char* const room_end = to + out.size();
    const auto step = [&](std::size_t malformed) {
      return decode_step{static_cast<std::size_t>(from - raw.data()),
                         static_cast<std::size_t>(to - out.data()), malformed,
                         malformed > 0 ? table_.reason() : nullptr};
    };
    while (from != end) {
      if (table_.has_ascii()) {
        const auto most = std::min(end - from, room_end - to);
        const std::size_t ascii = copy_ascii(from, to, static_cast<std::size_t>(most));
        from += ascii;
        to += ascii;
      }
      for (std::size_t i = 0; i < looked_up_at_once && from != end; ++i) {
        const auto& entry = table_[static_cast<unsigned char>(*from)];
        if (entry.size == 0) return step(1);
        if (room_end - to < entry.size) return step(0);
        std::memcpy(to, entry.bytes, entry.size);
        to += entry.size;
        ++from;
      }
    }
    return step(0);
  }

 private:
  const single_byte_table& table_;
};

class single_byte_encoder final : public encoder {
 public:
  explicit single_byte_encoder(const single_byte_table& table) noexcept : table_(table) {}

  std::size_t encode(std::string_view utf8, std::string& out) override {
    const std::size_t before = out.size();
    out.resize(before + utf8.size());
    char* to = out.data() + before;
    std::string_view left = utf8;
    while (!left.empty()) {
      if (table_.has_ascii()) {
        const std::size_t ascii = copy_ascii(left.data(), to, left.size());
        to += ascii;
        left.remove_prefix(ascii);
        if (left.empty()) break;
      }
      const code_point next = first_code_point(left);
      const int byte = table_.byte_of(next.value);
      if (byte < 0) break;
      *to++ = static_cast<char>(byte);
      left.remove_prefix(next.size);
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
    return utf8.size() - left.size();
  }

  const char* reason() const noexcept override { return table_.reason(); }

 private:
  const single_byte_table& table_;
};

}  // namespace

single_byte_table::single_byte_table(const std::array<std::int32_t, 256>& points,
                                     const char* reason)
    : reason_(reason) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i < 0x80 && points[i] != static_cast<std::int32_t>(i)) has_ascii_ = false;
    if (points[i] == undefined) continue;
    const auto point = static_cast<char32_t>(points[i]);
    entry& made = entries_[i];
    made.size = static_cast<std::uint8_t>(put_utf8(point, made.bytes) - made.bytes);
    bytes_.emplace_back(point, static_cast<unsigned char>(i));
  }
  std::sort(bytes_.begin(), bytes_.end());
}

int single_byte_table::byte_of(char32_t point) const noexcept {
  const auto found = std::lower_bound(bytes_.begin(), bytes_.end(), std::pair{point, '\0'},
                                      [](auto a, auto b) { return a.first < b.first; });
  return found != bytes_.end() && found->first == point ? found->second : -1;
}

std::unique_ptr<decoder> make_single_byte_decoder(const codec& of) {
  return std::make_unique<single_byte_decoder>(table_of(of));
}
std::unique_ptr<encoder> make_single_byte_encoder(const codec& of) {
  return std::make_unique<single_byte_encoder>(table_of(of));
}

}  // namespace ringfiles::text
