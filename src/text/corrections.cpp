#include "text/corrections.hpp"

#include <algorithm>
#include <iterator>

#include "text/code_points.hpp"

namespace ringfiles::text {
namespace {

// glibc 2.36 against CPython 3.10 to 3.13, which agree with each other. The contract test
// east_asian_text.EveryCharacterIsPythons compares all characters of all encodings.

constexpr auto of_shift_jis = std::to_array<correction>({{0, 0xffe0, 3}});

// Each byte that begins no character is one; what would be read as another is not written.
constexpr auto of_cp932 = std::to_array<correction>(
    {{0x80, 0x80}, {0xa0, 0xf8f0}, {0xfd, 0xf8f1, 3}, {0, 0xa5}, {0, 0x2014}, {0, 0x203e}});

constexpr auto of_euc_jp = std::to_array<correction>({{0x8fa2b7, 0x7e}, {0, 0xff5e}});

// The filler is written as if it were a character of its own, and begins a spelled syllable.
constexpr auto of_euc_kr =
    std::to_array<correction>({{0xa2e8, 0}, {0xa4d4, 0x3164, 1, true}, {0, 0x20a9}, {0, 0x327e}});

constexpr auto of_cp949 = std::to_array<correction>({{0xa2e8, 0}});

// Kana, Cyrillic and numbers are where ETEN put them; glibc has private characters there, and the
// rest of ETEN's additions, too.
constexpr auto eten = std::to_array<correction>({{0xc6a1, 0x30fe},
                                                 {0xc6a2, 0x309d, 2},
                                                 {0xc6a4, 0x3005},
                                                 {0xc6a5, 0x3041, 83},
                                                 {0xc6f8, 0x30a1, 7},
                                                 {0xc740, 0x30a8, 63},
                                                 {0xc7a1, 0x30e7, 16},
                                                 {0xc7b1, 0x414, 2},
                                                 {0xc7b3, 0x401},
                                                 {0xc7b4, 0x416, 7},
                                                 {0xc7bb, 0x423, 19},
                                                 {0xc7ce, 0x451},
                                                 {0xc7cf, 0x436, 26},
                                                 {0xc7e9, 0x2460, 10},
                                                 {0xc7f3, 0x2474, 10},
                                                 {0xc7fd, 0, 2},
                                                 {0xc840, 0, 63},
                                                 {0xc8a1, 0, 94},
                                                 {0, 0xf6b1, 408}});

// CPython writes these as Big5 has them, and reads them as Microsoft does.
constexpr auto big5_in_cp950 = std::to_array<correction>({{0xa145, 0x2022, 1, true},
                                                          {0xa14e, 0xff64, 1, true},
                                                          {0xa1c2, 0x203e, 1, true},
                                                          {0xa1e3, 0x223c, 1, true},
                                                          {0xa1f2, 0x2641, 1, true},
                                                          {0xa1f3, 0x2609, 1, true},
                                                          {0xa244, 0xa5, 1, true},
                                                          {0xa246, 0xa2, 2, true}});

// The table that the Unicode Consortium published.
constexpr auto consortium = std::to_array<correction>(
    {{0xa145, 0x2022}, {0xa14e, 0xff64}, {0xa1c2, 0x203e}, {0xa1e3, 0x223c}, {0xa1f2, 0x2641},
     {0xa1f3, 0x2609}, {0xa241, 0xff0f}, {0xa242, 0xff3c}, {0xa244, 0xa5},   {0xa246, 0xa2, 2},
     {0xa3e1, 0},      {0xf9d6, 0, 41},  {0, 0xaf},        {0, 0x2027},      {0, 0x20ac},
     {0, 0x2215},      {0, 0x2295},      {0, 0x2299},      {0, 0x2551, 13},  {0, 0x255f, 2},
     {0, 0x2562, 8},   {0, 0x256b, 2},   {0, 0x2593},      {0, 0x58bb},      {0, 0x5afa},
     {0, 0x6052},      {0, 0x7881},      {0, 0x7ca7},      {0, 0x88cf},      {0, 0x92b9},
     {0, 0xfe51},      {0, 0xfe68},      {0, 0xff5e},      {0, 0xffe0, 2},   {0, 0xffe5}});

// GB 18030-2000, in which characters that Unicode got later are private ones.
constexpr auto of_gb18030 = std::to_array<correction>(
    {{0xa6d9, 0xe78d, 7},     {0xa6ec, 0xe794, 2},     {0xa6f3, 0xe796},
     {0xa8bc, 0xe7c7},        {0xfe51, 0xe816, 3},     {0xfe59, 0xe81e},
     {0xfe61, 0xe826},        {0xfe66, 0xe82b, 2},     {0xfe6c, 0xe831, 2},
     {0xfe76, 0xe83b},        {0xfe7e, 0xe843},        {0xfe90, 0xe854, 2},
     {0xfea0, 0xe864},        {0x8135f437, 0x1e3f},    {0x82359037, 0x9fb4, 3},
     {0x82359130, 0x9fb7, 5}, {0x84318236, 0xfe10, 4}, {0x84318330, 0xfe14, 6},
     {0x95329031, 0x20087},   {0x95329033, 0x20089},   {0x95329730, 0x200cc},
     {0x9536b937, 0x215d7},   {0x9630ba35, 0x2298f},   {0x9635b630, 0x241fe}});

template <std::size_t m, std::size_t n>
constexpr auto joined(const std::array<correction, m>& a, const std::array<correction, n>& b) {
  std::array<correction, m + n> all{};
  std::ranges::copy(b, std::ranges::copy(a, all.begin()).out);
  return all;
}

/// Both ways to look it up, sorted at compile time.
template <std::size_t n>
class table {
 public:
  constexpr explicit table(const std::array<correction, n>& list) {
    for (const correction& one : list) {
      if (one.bytes != 0 && !one.only_written) by_bytes_[read_++] = one;
      if (one.point != 0) by_point_[written_++] = one;
    }
    std::ranges::sort(by_bytes_.begin(), by_bytes_.begin() + read_, {}, &correction::bytes);
    std::ranges::sort(by_point_.begin(), by_point_.begin() + written_, {}, &correction::point);
  }
  constexpr corrections view() const noexcept {
    return {std::span(by_bytes_).first(read_), std::span(by_point_).first(written_)};
  }

 private:
  std::array<correction, n> by_bytes_{};
  std::array<correction, n> by_point_{};
  std::size_t read_ = 0;
  std::size_t written_ = 0;
};

constexpr table shift_jis(of_shift_jis);
constexpr table cp932(of_cp932);
constexpr table euc_jp(of_euc_jp);
constexpr table euc_kr(of_euc_kr);
constexpr table cp949(of_cp949);
constexpr table big5(joined(consortium, eten));
constexpr table cp950(joined(big5_in_cp950, eten));
constexpr table gb18030(of_gb18030);

struct named {
  std::string_view name;
  corrections of;
};

constexpr auto all = std::to_array<named>({{"shift_jis", shift_jis.view()},
                                           {"cp932", cp932.view()},
                                           {"euc_jp", euc_jp.view()},
                                           {"euc_kr", euc_kr.view()},
                                           {"cp949", cp949.view()},
                                           {"big5", big5.view()},
                                           {"cp950", cp950.view()},
                                           {"gb18030", gb18030.view()}});
constexpr corrections none({}, {});

/// The one that has `value`, of a list sorted by `key`.
template <class T>
const correction* find(std::span<const correction> list, T correction::* key, T value) noexcept {
  const auto behind = std::ranges::upper_bound(list, value, {}, key);
  if (behind == list.begin()) return nullptr;
  const correction& one = *std::prev(behind);
  return value - one.*key < one.count ? &one : nullptr;
}

std::uint32_t number_of(std::string_view bytes) noexcept {
  std::uint32_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

// ---- CP932 --------------------------------------------------------------------------------------

/// Shift-JIS counts on from FC to 40 of the next row, and leaves 7F out.
constexpr std::uint32_t row_size = 188;
constexpr std::uint32_t place_in_rows(std::uint32_t bytes) noexcept {
  const std::uint32_t trail = bytes & 0xff;
  return (bytes >> 8) * row_size + trail - (trail > 0x7f ? 0x41 : 0x40);
}
constexpr std::uint32_t bytes_of_place(std::uint32_t place) noexcept {
  const std::uint32_t trail = place % row_size;
  return place / row_size << 8 | (trail + (trail < 0x3f ? 0x40 : 0x41));
}

struct moved {
  std::uint32_t of_ibm;
  std::uint32_t of_nec;
  std::uint32_t count;
};
constexpr moved moves[] = {{0xfa40, 0xeeef, 10}, {0xfa55, 0xeefa, 3}, {0xfa5c, 0xed40, 360}};

// ---- Korean -------------------------------------------------------------------------------------

// The letters of a syllable, by the second byte of each: the consonants are A4A1 to A4BE, the
// vowels A4BF to A4D3. A syllable of Unicode is AC00 and its three numbers; the last may be none.
constexpr std::string_view first_letters =
    "\xa1\xa2\xa4\xa7\xa8\xa9\xb1\xb2\xb3\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe";
constexpr std::string_view last_letters =
    "\xd4\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa9\xaa\xab\xac\xad\xae"
    "\xaf\xb0\xb1\xb2\xb4\xb5\xb6\xb7\xb8\xba\xbb\xbc\xbd\xbe";
constexpr char first_vowel = '\xbf';
constexpr char32_t vowels = 21;
constexpr char32_t first_syllable = 0xac00;
constexpr char32_t syllables = first_letters.size() * vowels * last_letters.size();
constexpr char letter_row = '\xa4';

}  // namespace

std::optional<char32_t> corrections::read(std::string_view character) const noexcept {
  if (!leads_[static_cast<unsigned char>(character[0])] || character.size() > 4) return {};
  const std::uint32_t bytes = number_of(character);
  const correction* const found = find(by_bytes_, &correction::bytes, bytes);
  if (found == nullptr) return {};
  return found->point == 0 ? 0 : found->point + (bytes - found->bytes);
}

std::optional<std::uint32_t> corrections::write(char32_t point) const noexcept {
  const correction* const found = find(by_point_, &correction::point, point);
  if (found == nullptr) return {};
  return found->bytes == 0 ? 0 : found->bytes + (point - found->point);
}

const corrections& corrections_of(std::string_view name) noexcept {
  const auto found = std::ranges::find(all, name, &named::name);
  return found == all.end() ? none : found->of;
}

void append_big_endian(std::uint32_t bytes, std::string& to) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    if (bytes >> shift != 0) to += static_cast<char>(bytes >> shift);
  }
}

std::uint32_t place_of_nec(std::uint32_t bytes) noexcept {
  const std::uint32_t place = place_in_rows(bytes);
  for (const moved& one : moves) {
    const std::uint32_t behind = place - place_in_rows(one.of_ibm);
    if (behind < one.count) return bytes_of_place(place_in_rows(one.of_nec) + behind);
  }
  return bytes;
}

char32_t spelled_hangul(std::string_view bytes) noexcept {
  if (bytes[2] != letter_row || bytes[4] != letter_row || bytes[6] != letter_row) return 0;
  const std::size_t first = first_letters.find(bytes[3]);
  const char32_t vowel = static_cast<unsigned char>(bytes[5]) -
                         static_cast<char32_t>(static_cast<unsigned char>(first_vowel));
  const std::size_t last = last_letters.find(bytes[7]);
  if (first == first_letters.npos || vowel >= vowels || last == last_letters.npos) return 0;
  return first_syllable +
         static_cast<char32_t>((first * vowels + vowel) * last_letters.size() + last);
}

bool append_spelled_hangul(char32_t point, std::string& to) {
  const char32_t number = point - first_syllable;
  if (number >= syllables) return false;
  const char32_t pair = number / last_letters.size();
  to += hangul_filler;
  to.append({letter_row, first_letters[pair / vowels]});
  to.append(
      {letter_row, static_cast<char>(static_cast<unsigned char>(first_vowel) + pair % vowels)});
  to.append({letter_row, last_letters[number % last_letters.size()]});
  return true;
}

}  // namespace ringfiles::text
