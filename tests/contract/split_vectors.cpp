#include "split_vectors.hpp"

#include <array>
#include <sstream>
#include <string_view>

#include "run_python.hpp"

namespace ringfiles::contract {
namespace {

// What is malformed, and the words for it, come from the decoder when it sees all bytes at once:
// TextIOWrapper would count positions in the chunk that failed. The lines before an error are
// those of the text before it, with undecodable bytes behind.
constexpr std::string_view program = R"(
import codecs, io, sys

class Chunks:
    closed = False
    def __init__(self, parts): self.parts = [part for part in parts if part]
    def readable(self): return True
    def writable(self): return False
    def seekable(self): return False
    def flush(self): pass
    def close(self): pass
    def read1(self, size): return self.parts.pop(0) if self.parts else b""
    read = read1

ENDS = {None: ["\n"], "": ["\r\n", "\n", "\r"], "\n": ["\n"], "\r": ["\r"], "\r\n": ["\r\n"]}

def content(line, newline):
    for end in ENDS[newline]:
        if line.endswith(end): return line[:-len(end)]
    return line

def opened(parts, encoding, errors, newline):
    return io.TextIOWrapper(Chunks(parts), encoding=encoding, errors=errors, newline=newline)

def read(*options):
    try: return opened(*options).read(1 << 20)
    except UnicodeError: return None

def lines(*options):
    file, found = opened(*options), []
    try:
        while line := file.readline(): found.append(line)
    except UnicodeError: found.append(None)
    return found

def decode(data, encoding, errors):
    return codecs.getincrementaldecoder(encoding)(errors).decode(data, True)

def words(error, encoding, start, size, data):
    if not isinstance(error, UnicodeDecodeError): return str(error)
    where = ("byte 0x%02x in position %d" % (data[start], start) if size == 1 else
             "bytes in position %d-%d" % (start, start + size - 1))
    return "'%s' codec can't decode %s: %s" % (encoding, where, error.reason)

# The words for an error, and the lines before it.
def failure(encoding, errors, newline, data):
    start = size = 0
    try: decode(data, encoding, errors)
    except UnicodeError as error:
        if isinstance(error, UnicodeDecodeError):
            start, size = error.start, error.end - error.start
        if encoding == "utf-8-sig" and data.startswith(codecs.BOM_UTF8): start += 3
        said = words(error, encoding, start, size, data)
    text = decode(data[:start], encoding, errors).encode("utf-8", "surrogatepass")
    parts = [text[at:at + 1] for at in range(len(text))] + [b"\xff"]
    return said, lines(parts, "utf-8", "surrogatepass", newline)[:-1]

def say(text): return text.encode("utf-8", "surrogatepass").hex()

def answer(encoding, errors, newline, data):
    options = (encoding, errors, newline)
    single = [data[at:at + 1] for at in range(len(data))]
    text, found = read(single, *options), lines(single, *options)
    for at in range(len(data) + 1):
        parts = [data[:at], data[at:]]
        split = lines(parts, *options)
        assert read(parts, *options) == text, (options, data, at)
        assert split == found or None in split and None in found, (options, data, at)
    end = "."
    if text is None: end, found = failure(*options, data)
    yield end if text is None else say(text) + " ."
    yield " ".join([say(line) for line in found] + [end])
    yield " ".join(["-" + say(content(line, newline)) for line in found] + [end])

for line in open(sys.argv[1]):
    encoding, errors, newline, data = line.rstrip("\n").split(" ")
    print("|".join(answer(encoding, errors, eval(newline), bytes.fromhex(data[1:]))))
)";

using letters = std::vector<std::string>;

/// Each byte of a letter with so many zeros before or behind it.
letters widened(const letters& narrow, std::size_t before, std::size_t behind) {
  letters wide;
  for (const std::string& letter : narrow)
    wide.push_back(std::string(before, '\0') + letter + std::string(behind, '\0'));
  return wide;
}

letters operator+(letters some, const letters& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

std::string of_bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

struct alphabet {
  std::string encoding;
  std::string front;  ///< of each text
  letters pieces;
};

std::vector<alphabet> alphabets() {
  const letters plain{"a", "\r", "\n"};
  const letters utf8 =
      plain + letters{"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf0\x9f\x98", "\xed\xa0\x80",
                      "\xff",         "\xc0\x80"};
  const letters utf16le = widened(plain, 0, 1) + letters{"\x3d\xd8", of_bytes({0, 0xde}), "x"};
  const letters utf16be = widened(plain, 1, 0) + letters{"\xd8\x3d", of_bytes({0xde, 0}), "x"};
  const letters utf32le =
      widened(plain, 0, 3) +
      letters{of_bytes({0, 0xf6, 1, 0}), of_bytes({0, 0xd8, 0, 0}), of_bytes({0, 0, 0x11, 0}), "x"};
  const letters utf32be =
      widened(plain, 3, 0) +
      letters{of_bytes({0, 1, 0xf6, 0}), of_bytes({0, 0, 0xd8, 0}), of_bytes({0, 0x11, 0, 0}), "x"};
  const std::string mark8 = "\xef\xbb\xbf";
  const std::string mark32le = of_bytes({0xff, 0xfe, 0, 0});
  const letters single = plain + letters{"\x81", "\xe9", "\xff"};
  const letters japanese = plain + letters{"\x93\xfa", "\x93", "\xff"};
  const letters extended = plain + letters{"\xc6\xfc", "\x8f\xb0\xa1", "\xc6", "\xff"};
  const letters chinese = plain + letters{"\xba\xba", "\xba", "\xff", "\x80"};
  const letters corrected = plain + letters{"\xc6\xa5", "\xc6", "\xa1\x45"};
  const letters spelled =
      plain + letters{"\xa4\xd4\xa4\xa1\xa4\xbf\xa4\xd4", "\xa4\xd4", "\xb0\xa1"};
  const letters shifted =
      plain + letters{"\x1b[0X", "\x1b$B", "\x1b$B\x46\x7c\x4b\x5c\x1b(B", "\x1b(Jb\x1b(B",
                      "\x1b$@"
                      "\x46\x7c\x1b(B"};
  return {{"utf-8", "", utf8},
          {"utf-8-sig", "", utf8 + letters{mark8}},
          {"utf-8-sig", mark8, utf8},
          {"utf-16", "\xff\xfe", utf16le},
          {"utf-16", "\xfe\xff", utf16be},
          {"utf-16-le", "", utf16le + letters{"\xff\xfe"}},
          {"utf-16-be", "", utf16be + letters{"\xfe\xff"}},
          {"utf-32", mark32le, utf32le},
          {"utf-32-le", "", utf32le + letters{mark32le}},
          {"utf-32-be", "", utf32be},
          {"ascii", "", single},
          {"latin-1", "", single},
          {"cp1252", "", single},
          {"koi8-r", "", single},
          {"shift_jis", "", japanese},
          {"euc_jp", "", extended},
          {"gb2312", "", chinese},
          {"gbk", "", chinese},
          {"gb18030", "", chinese + letters{"\x82\x35\x90\x37"}},
          {"cp932", "", japanese + letters{"\x80"}},
          {"big5", "", corrected},
          {"cp950", "", corrected},
          {"euc_kr", "", spelled},
          {"iso2022_jp", "", shifted}};
}

letters texts_of(const alphabet& from) {
  letters texts{from.front};
  std::size_t first = 0;
  for (int length = 1; length <= 3; ++length) {
    const std::size_t end = texts.size();
    for (; first < end; ++first)
      for (const std::string& piece : from.pieces) texts.push_back(texts[first] + piece);
  }
  return texts;
}

constexpr std::array errors{text_errors::strict, text_errors::ignore, text_errors::replace,
                            text_errors::backslashreplace, text_errors::surrogateescape};
constexpr std::array error_names{"strict", "ignore", "replace", "backslashreplace",
                                 "surrogateescape"};
constexpr std::array modes{newline::universal, newline::untranslated, newline::lf, newline::cr,
                           newline::crlf};
constexpr std::array mode_names{"None", "''", "'\\n'", "'\\r'", "'\\r\\n'"};

reading reading_of(const std::string& line) {
  reading found;
  std::istringstream in(line);
  std::getline(in, found.whole, '|');
  std::getline(in, found.lines, '|');
  std::getline(in, found.batch, '|');
  return found;
}

constexpr std::array multibyte_names{"shift_jis", "euc_jp", "gb2312", "gbk",   "gb18030",
                                     "big5",      "cp949",  "cp950",  "euc_kr"};

}  // namespace

std::vector<split_vector> lone_bytes() {
  std::vector<split_vector> vectors;
  for (const char* const name : multibyte_names)
    for (int byte = 0x80; byte < 0x100; ++byte)
      vectors.push_back({name, error_names[0], errors[0], mode_names[0], modes[0],
                         "a" + std::string(1, static_cast<char>(byte))});
  return vectors;
}

std::string split_vector::text() const {
  return encoding + " " + errors_name + " " + newline_name + " =" + to_hex(bytes);
}

std::vector<split_vector> split_vectors(std::size_t stride) {
  std::vector<split_vector> vectors;
  std::size_t number = 0;
  for (const alphabet& from : alphabets())
    for (const std::string& text : texts_of(from))
      for (std::size_t handler = 0; handler < errors.size(); ++handler)
        for (std::size_t mode = 0; mode < modes.size(); ++mode)
          if (number++ % stride == 0)
            vectors.push_back({from.encoding, error_names[handler], errors[handler],
                               mode_names[mode], modes[mode], text});
  return vectors;
}

std::optional<std::vector<reading>> ask_python(const std::vector<split_vector>& vectors) {
  std::string input;
  for (const split_vector& next : vectors) input += next.text() + "\n";
  const auto output = run_python(program, input);
  if (!output) return std::nullopt;
  std::vector<reading> readings;
  std::istringstream answers(*output);
  for (std::string line; std::getline(answers, line);) readings.push_back(reading_of(line));
  if (readings.size() != vectors.size()) return std::nullopt;
  return readings;
}

}  // namespace ringfiles::contract
