#include "logagg/timestamp.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "logagg/text_cursor.hpp"

namespace logagg {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

struct civil_date {
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
};

struct clock_time {
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  nanoseconds fraction{0};
};

std::optional<timestamp> to_timestamp(civil_date date, clock_time time, seconds zone_offset) {
  // The first and the last full year that fit into 64 bits of nanoseconds.
  if (date.year < 1678 || date.year > 2261) return std::nullopt;
  if (time.hour > 23 || time.minute > 59 || time.second > 60) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year{static_cast<int>(date.year)},
                                        std::chrono::month{date.month}, std::chrono::day{date.day}};
  if (!day.ok()) return std::nullopt;
  const seconds of_day{time.hour * 3600 + time.minute * 60 + time.second};
  return timestamp{std::chrono::sys_days{day}} + of_day - zone_offset + time.fraction;
}

// The decimals of a unit as billionths of it: nine digits count, the rest is skipped.
nanoseconds take_decimals(text_cursor& at) {
  std::int64_t value = 0;
  for (std::int64_t scale = 100'000'000; is_digit(at.peek()); at.skip(), scale /= 10) {
    value += scale * (at.peek() - '0');
  }
  return nanoseconds{value};
}

nanoseconds take_fraction(text_cursor& at) {
  if ((at.peek() != '.' && at.peek() != ',') || !is_digit(at.peek(1))) return nanoseconds{0};
  at.skip();
  return take_decimals(at);
}

// HH:MM:SS with a fraction. Without seconds only where the date before it leaves no doubt.
bool take_clock(text_cursor& at, clock_time& time, bool seconds_required) {
  if (!at.take_digits(2, time.hour) || !at.take(':')) return false;
  if (!at.take_digits(2, time.minute)) return false;
  if (at.peek() == ':') {
    at.skip();
    if (!at.take_digits(2, time.second)) return false;
    time.fraction = take_fraction(at);
  } else if (seconds_required) {
    return false;
  }
  return !is_digit(at.peek());
}

// "+01:00", "+0100", "+01". Leaves the cursor where it was if it is not a zone after all.
std::optional<seconds> take_numeric_zone(text_cursor& at) {
  const char sign = at.peek();
  if (sign != '+' && sign != '-') return std::nullopt;
  text_cursor ahead = at;
  ahead.skip();
  unsigned hours = 0;
  unsigned minutes = 0;
  if (!ahead.take_digits(2, hours)) return std::nullopt;
  if (ahead.peek() == ':') ahead.skip();
  if (is_digit(ahead.peek()) && !ahead.take_digits(2, minutes)) return std::nullopt;
  // No zone has ever been further from Greenwich than this.
  if (is_word_byte(ahead.peek()) || hours > 15 || minutes > 59) return std::nullopt;
  at = ahead;
  const seconds offset{hours * 3600 + minutes * 60};
  return sign == '-' ? -offset : offset;
}

std::optional<seconds> take_zone(text_cursor& at) {
  text_cursor ahead = at;
  if (ahead.peek() == ' ') ahead.skip();
  for (const std::string_view name : {"Z", "z", "UTC", "GMT"}) {
    if (ahead.take_word(name)) {
      at = ahead;
      return seconds{0};
    }
  }
  const std::optional<seconds> offset = take_numeric_zone(ahead);
  if (offset) at = ahead;
  return offset;
}

unsigned take_month_name(text_cursor& at) {
  constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
  for (unsigned month = 0; month < 12; ++month) {
    if (at.take(names.substr(month * 3, 3))) return month + 1;
  }
  return 0;
}

std::optional<timestamp> finish(text_cursor& at, civil_date date, const timestamp_context& context,
                                bool seconds_required) {
  clock_time time;
  if (!take_clock(at, time, seconds_required)) return std::nullopt;
  return to_timestamp(date, time, take_zone(at).value_or(context.zone_offset));
}

// 2026-11-22 23:08:01, 2026-11-22T23:08:01, 2026/11/22 23:08:01
std::optional<timestamp> parse_year_first(text_cursor at, const timestamp_context& context) {
  civil_date date;
  if (!at.take_digits(4, date.year)) return std::nullopt;
  const char separator = at.peek();
  if (!at.take(separator) || !at.take_digits(2, date.month)) return std::nullopt;
  if (!at.take(separator) || !at.take_digits(2, date.day)) return std::nullopt;
  if (!at.take(' ') && !at.take('T') && !at.take('t')) return std::nullopt;
  return finish(at, date, context, false);
}

// 20261122T230801
std::optional<timestamp> parse_basic(text_cursor at, const timestamp_context& context) {
  civil_date date;
  clock_time time;
  at.take_digits(4, date.year);
  at.take_digits(2, date.month);
  at.take_digits(2, date.day);
  at.take('T');
  if (!at.take_digits(2, time.hour) || !at.take_digits(2, time.minute)) return std::nullopt;
  if (!at.take_digits(2, time.second) || is_digit(at.peek())) return std::nullopt;
  time.fraction = take_fraction(at);
  return to_timestamp(date, time, take_zone(at).value_or(context.zone_offset));
}

// 22/Nov/2026:23:08:01 +0000, 22-Nov-2026 23:08:01, 22 Nov 2026 23:08:01
std::optional<timestamp> parse_day_first(text_cursor at, std::size_t day_digits,
                                         const timestamp_context& context) {
  civil_date date;
  at.take_digits(day_digits, date.day);
  const char separator = at.peek();
  at.skip();
  date.month = take_month_name(at);
  if (date.month == 0 || !at.take(separator)) return std::nullopt;
  if (!at.take_digits(4, date.year)) return std::nullopt;
  if (!at.take(':') && !at.take(' ')) return std::nullopt;
  return finish(at, date, context, true);
}

// The year that syslog leaves out; see timestamp_context::reference.
std::optional<timestamp> guess_year(civil_date date, clock_time time, seconds zone_offset,
                                    timestamp reference) {
  const auto today = std::chrono::floor<std::chrono::days>(reference + zone_offset);
  const int this_year = static_cast<int>(std::chrono::year_month_day{today}.year());
  // Nine years back, as 29 February may be missing for that long (1897 to 1903).
  for (int year = this_year + 1; year >= this_year - 9; --year) {
    date.year = static_cast<unsigned>(year);
    const std::optional<timestamp> guess = to_timestamp(date, time, zone_offset);
    if (guess && *guess <= reference + std::chrono::days{1}) return guess;
  }
  return std::nullopt;
}

// Nov 22 23:08:01, Nov  2 23:08:01.123456 2026, Nov 22 2026 23:08:01
std::optional<timestamp> parse_month_first(text_cursor at, const timestamp_context& context) {
  civil_date date;
  clock_time time;
  date.month = take_month_name(at);
  if (date.month == 0 || !at.take(' ')) return std::nullopt;
  if (at.peek() == ' ') at.skip();
  const std::size_t day_digits = is_digit(at.peek(1)) ? 2 : 1;
  if (!at.take_digits(day_digits, date.day) || !at.take(' ')) return std::nullopt;
  if (is_digit(at.peek(2)) && (!at.take_digits(4, date.year) || !at.take(' '))) return std::nullopt;
  if (!take_clock(at, time, true)) return std::nullopt;
  const seconds zone_offset = take_zone(at).value_or(context.zone_offset);
  if (date.year == 0 && at.take(' ')) {
    if (!at.take_digits(4, date.year) || is_word_byte(at.peek())) date.year = 0;
  }
  if (date.year != 0) return to_timestamp(date, time, zone_offset);
  return guess_year(date, time, zone_offset, context.reference);
}

// 1795388881, 1795388881123 and so on, each with a fraction. The unit follows from the number of
// digits, which holds from 2001 on; what is beyond 2100 is some other number.
std::optional<timestamp> parse_epoch(text_cursor at, std::size_t digits) {
  const std::int64_t unit_ns = digits == 10   ? 1'000'000'000
                               : digits == 13 ? 1'000'000
                               : digits == 16 ? 1'000
                               : digits == 19 ? 1
                                              : 0;
  constexpr std::int64_t last_second = 4'102'444'800;  // 2100-01-01
  if (unit_ns == 0 || at.peek() == '0') return std::nullopt;
  std::int64_t value = 0;
  for (std::size_t i = 0; i < digits; ++i, at.skip()) {
    // 19 digits may be more than 63 bits hold.
    if (value > last_second * (1'000'000'000 / unit_ns) / 10) return std::nullopt;
    value = value * 10 + (at.peek() - '0');
  }
  nanoseconds fraction{0};
  if (at.peek() == '.' && is_digit(at.peek(1))) {
    at.skip();
    fraction = nanoseconds{take_decimals(at).count() * unit_ns / 1'000'000'000};
  }
  // 1795388881-3, 1795388881/x and the like are identifiers.
  if (is_word_byte(at.peek()) || at.peek() == '-' || at.peek() == '/') return std::nullopt;
  if (value > last_second * (1'000'000'000 / unit_ns)) return std::nullopt;
  return timestamp{nanoseconds{value * unit_ns} + fraction};
}

// What begins at a token. `epoch_allowed`: something says that a bare number is a time.
std::optional<timestamp> parse_token(text_cursor at, bool epoch_allowed,
                                     const timestamp_context& context) {
  if (!is_digit(at.peek())) return parse_month_first(at, context);
  const std::size_t digits = at.count_digits(20);
  const char next = at.peek(digits);
  if (digits == 4 && (next == '-' || next == '/')) return parse_year_first(at, context);
  if (digits == 8 && next == 'T') return parse_basic(at, context);
  if (digits <= 2 && (next == '/' || next == '-' || next == ' ')) {
    return parse_day_first(at, digits, context);
  }
  return epoch_allowed ? parse_epoch(at, digits) : std::nullopt;
}

// Is the value at `position` that of a key that speaks of time: `ts=`, `"time": "`?
bool follows_time_key(std::string_view line, std::size_t position) {
  constexpr std::array<std::string_view, 12> keys{"ts",       "time",  "timestamp", "@timestamp",
                                                  "t",        "@t",    "at",        "date",
                                                  "datetime", "epoch", "time_unix", "asctime"};
  std::size_t end = position;
  // Each walk back is short, so that a line made of blanks or of one long word costs nothing.
  const auto back_over = [&](auto&& is_wanted, std::size_t at_most) {
    const std::size_t last = end - std::min(end, at_most);
    while (end > last && is_wanted(line[end - 1])) --end;
  };
  const auto is_filler = [](char byte) { return byte == '"' || byte == ' '; };
  const auto is_key_byte = [](char byte) { return is_word_byte(byte) || byte == '@'; };
  back_over(is_filler, 3);
  if (end == 0 || (line[end - 1] != '=' && line[end - 1] != ':')) return false;
  --end;
  back_over(is_filler, 3);
  const std::size_t key_end = end;
  back_over(is_key_byte, 11);  // one more than the longest key has
  return std::ranges::find(keys, line.substr(end, key_end - end)) != keys.end();
}

// What a byte can be to the search: these tables are looked at for each byte of a prefix.
struct byte_kinds {
  std::array<bool, 256> begins_timestamp{};  // a digit, or a month's initial
  std::array<bool, 256> ends_token{};        // a timestamp may follow it

  constexpr byte_kinds() {
    for (std::size_t i = 0; i < 128; ++i) {  // beyond: characters, letters more often than not
      const auto byte = static_cast<char>(i);
      begins_timestamp[i] =
          is_digit(byte) || std::string_view("JFMASOND").find(byte) != std::string_view::npos;
      ends_token[i] =
          !is_word_byte(byte) && std::string_view("-./\\").find(byte) == std::string_view::npos;
    }
  }
};
constexpr byte_kinds kinds;

bool may_begin_timestamp(std::string_view line, std::size_t position) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(line[i]); };
  return kinds.begins_timestamp[byte(position)] &&
         (position == 0 || kinds.ends_token[byte(position - 1)]);
}

// The first timestamp that begins in [from, to) after a key that speaks of time.
std::optional<timestamp> search_keys(std::string_view line, std::size_t from, std::size_t to,
                                     const timestamp_context& context) {
  for (std::size_t i = from; i < to; ++i) {
    if (!may_begin_timestamp(line, i) || !follows_time_key(line, i)) continue;
    const auto found = parse_token(text_cursor{line.substr(i)}, true, context);
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<timestamp> parse_json_line(std::string_view line, const timestamp_context& context) {
  const std::size_t head = std::min(line.size(), json_bytes_max);
  const std::size_t tail = std::max(head, line.size() - head);
  const auto found = search_keys(line, 0, head, context);
  return found ? found : search_keys(line, tail, line.size(), context);
}

// Over the zeros that are there, as many JSON reports have a million of these.
void put_digits(std::string& text, std::size_t position, std::size_t count, std::int64_t value) {
  for (std::size_t i = count; i > 0; --i, value /= 10) {
    text[position + i - 1] = static_cast<char>('0' + value % 10);
  }
}

}  // namespace

std::optional<timestamp> parse_timestamp(std::string_view line, const timestamp_context& context) {
  const std::size_t start = std::min(line.find_first_not_of(" \t"), line.size());
  if (start < line.size() && line[start] == '{') return parse_json_line(line, context);
  const std::size_t limit = std::min(line.size(), start == 0 ? prefix_bytes_max : start + 1);
  const std::size_t first_word = std::min(line.find_first_not_of("[(\"", start), line.size());
  for (std::size_t i = start; i < limit; ++i) {
    if (!may_begin_timestamp(line, i)) continue;
    const bool epoch = i <= first_word || (is_digit(line[i]) && follows_time_key(line, i));
    const auto found = parse_token(text_cursor{line.substr(i)}, epoch, context);
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<seconds> parse_zone_offset(std::string_view text) {
  text_cursor at{text};
  if (text.starts_with(' ')) return std::nullopt;
  const std::optional<seconds> offset = take_zone(at);
  return at.left() == 0 ? offset : std::nullopt;
}

std::string format_rfc3339(timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::string text = "0000-00-00T00:00:00";
  put_digits(text, 0, 4, static_cast<int>(date.year()));
  put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text, 11, 2, clock.hours().count());
  put_digits(text, 14, 2, clock.minutes().count());
  put_digits(text, 17, 2, clock.seconds().count());
  const std::int64_t fraction = clock.subseconds().count();
  if (fraction != 0) {
    const std::size_t digits = fraction % 1'000 != 0 ? 9 : fraction % 1'000'000 != 0 ? 6 : 3;
    text += ".000000000";
    put_digits(text, 20, 9, fraction);
    text.resize(20 + digits);
  }
  return text + 'Z';
}

}  // namespace logagg
