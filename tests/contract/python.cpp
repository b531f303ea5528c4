#include "python.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>

#include "run_python.hpp"

namespace ringfiles::contract {
namespace {

// Answers for the whole list at once: starting Python costs more than all the scripts.
constexpr const char* program = R"(
import io, os, sys, tempfile, zlib

marks = {}

def encoded(value):
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)

def say(value):
    if value is None: return "nothing"
    if isinstance(value, list): value = b"".join(encoded(line) + b"|" for line in value)
    if isinstance(value, str): value = encoded(value)
    if not isinstance(value, bytes): return "number %d" % value
    if len(value) > most_told: return "digest %d %d" % (len(value), zlib.crc32(value))
    return "bytes " + value.hex()

# EINVAL of lseek(2), for a position before the start, is what others refuse by themselves.
def attempt(call):
    try: return say(call())
    except io.UnsupportedOperation: return "refused"
    except UnicodeEncodeError: return "refused"
    except (UnicodeError, TypeError): return "undecodable"  # TypeError: a handler for writing only
    except Lost: return "lost"
    except OSError as error:
        return "refused" if error.errno == 22 else "errno %d" % error.errno
    except ValueError: return "refused"

# CPython's text cannot always tell where it is, in spite of all its states.
class Lost(Exception): pass

def without_losing(place):
    try: return place()
    except UnicodeError as error: raise Lost from error
    except OSError as error:  # "can't reconstruct logical file position", "can't restore ..."
        if error.errno is None and not isinstance(error, io.UnsupportedOperation):
            raise Lost from error
        raise

def tell(f): return without_losing(f.tell)

# CPython says a wrong number after some seeks, although it is at the right place.
def seek(f, offset, whence):
    there = f.seek(offset, whence)
    return f.tell() if isinstance(f, io.BufferedRandom) else there

def read_exactly(f, number):
    here = tell(f)
    data = f.read(number)
    if 0 <= len(data) < number:
        without_losing(lambda: f.seek(here))
        raise ValueError("the file ends before")
    return data

def readinto(f, number):
    room = bytearray(number)
    return bytes(room[:f.readinto(room)])

def iterated(f, newline):
    if not isinstance(f, io.TextIOBase): ends = (b"\n",)
    else: ends = {None: "\n", "": ("\r\n", "\n", "\r")}.get(newline, newline)
    ends = (ends,) if isinstance(ends, str) else ends
    def bare(line):
        for end in ends:
            if line.endswith(end): return line[:-len(end)]
        return line
    lines = []
    while line := f.readline(): lines.append(bare(line))
    return lines

def perform(f, step, newline):
    call, number, whence, data = step.split(":")
    number, data = int(number), unpacked(data)
    if not isinstance(f, io.TextIOBase): payload = data
    else: payload = data.decode("utf-8", "surrogatepass")
    return attempt(lambda: {
        "r": lambda: f.read(number), "l": lambda: f.readline(number),
        "w": lambda: f.write(payload), "s": lambda: seek(f, number, int(whence)),
        "t": lambda: tell(f), "T": lambda: f.truncate(None if number < 0 else number),
        "1": lambda: f.read1(number), "p": lambda: f.peek(1)[:1],
        "x": lambda: read_exactly(f, number), "i": lambda: readinto(f, number),
        "L": lambda: f.readlines(number), "n": lambda: iterated(f, newline),
        "W": lambda: f.writelines(
            payload.split("|" if isinstance(payload, str) else b"|")),
        "q": lambda: f.line_buffering,
        "N": lambda: sum({"\n": 1, "\r": 2, "\r\n": 4}[end] for end in
                         (f.newlines if isinstance(f.newlines, tuple) else
                          [f.newlines] if f.newlines else [])),
        "m": lambda: marks.update({f: tell(f)}),
        "b": lambda: (without_losing(lambda: f.seek(marks.get(f, 0))), None)[1],
        "h": lambda: (without_losing(lambda: f.seek(0, 1)), None)[1],
        "f": f.flush, "c": f.close}[call]())

# Runs of one byte are written as byte*count.
def unpacked(words):
    parts = (part.split("*") for part in words.split(","))
    return b"".join(bytes.fromhex(part[0]) * int(part[1] if part[1:] else 1) for part in parts)

def content(path):
    if not os.path.exists(path): return "nothing"
    with open(path, "rb") as f: return say(f.read())

def run(folder, line):
    mode, newline, encoding, errors, buffering, before, *steps = line.split(" ")
    newline = eval(newline)
    path = os.path.join(folder, "f")
    if os.path.exists(path): os.unlink(path)
    if before != "-":
        with open(path, "wb") as f: f.write(unpacked(before[1:]))
    options = {"buffering": int(buffering)}
    if "b" not in mode:
        options.update({"encoding": encoding, "errors": errors, "newline": newline})
    opened = []
    marks.clear()
    words = [attempt(lambda: opened.append(open(path, mode, **options)))]
    if opened:
        for step in steps:
            words.append(perform(opened[0], step, newline))
            if words[-1] in ("undecodable", "lost"): break
        attempt(opened[0].close)
    return words + [content(path)]

memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
with tempfile.TemporaryDirectory(dir=memory) as folder:
    with open(sys.argv[1]) as lines:
        most_told = int(next(lines))
        for line in lines: print(";".join(run(folder, line.rstrip("\n"))))
)";

/// to_hex(), with runs of one unit of 1, 2 or 4 bytes as unit*count.
std::string packed(std::string_view bytes) {
  constexpr std::size_t least_run = 16;
  std::string text;
  std::size_t plain = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t end = at + 1;
    for (const std::size_t unit : {1U, 2U, 4U}) {
      std::size_t count = 1;
      const std::string_view one = bytes.substr(at, unit);
      while (bytes.substr(std::min(at + count * unit, bytes.size()), unit) == one) ++count;
      if (count < least_run) continue;
      end = at + count * unit;
      text += to_hex(bytes.substr(plain, at - plain)) + ',' + to_hex(one) + '*' +
              std::to_string(count) + ',';
      plain = end;
      break;
    }
    at = end;
  }
  return text + to_hex(bytes.substr(plain));
}

/// As zlib's crc32(): ISO 3309, reflected.
std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t sum = ~0U;
  for (const char byte : bytes) {
    sum ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1U) ^ ((sum & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~sum;
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; std::getline(in, word, ';');) words.push_back(word);
  return words;
}

}  // namespace

std::string script::text() const {
  std::string line = mode + " " + newline + " " + encoding + " " + errors + " " +
                     std::to_string(buffering) + " " + (content ? "=" + packed(*content) : "-");
  for (const step& next : steps)
    line += std::string(" ") + next.call + ":" + std::to_string(next.number) + ":" +
            std::to_string(next.from) + ":" + packed(next.data);
  return line;
}

std::optional<std::vector<std::vector<std::string>>> ask_python(const std::vector<script>& scripts,
                                                                std::size_t most_told) {
  std::string lines;
  for (const script& next : scripts) lines += next.text() + "\n";
  // Each back end asks the same.
  static std::map<std::string, std::vector<std::vector<std::string>>> known;
  constexpr std::size_t most_known = 1 << 20;
  const std::string key = std::to_string(most_told) + lines;
  if (const auto found = known.find(key); found != known.end()) return found->second;
  const auto said = run_python(program, std::to_string(most_told) + "\n" + lines);
  if (!said) return std::nullopt;
  std::istringstream answers(*said);
  std::vector<std::vector<std::string>> results;
  for (std::string line; std::getline(answers, line);) results.push_back(split(line));
  if (results.size() != scripts.size())
    throw std::runtime_error("the program in Python has not answered each script");
  if (key.size() > most_known) return results;
  return known[key] = std::move(results);
}

std::string say_bytes(std::string_view bytes, std::size_t most_told) {
  if (bytes.size() <= most_told) return "bytes " + to_hex(bytes);
  return "digest " + std::to_string(bytes.size()) + " " + std::to_string(crc32(bytes));
}
std::string say_lines(const std::vector<std::string>& lines) {
  std::string joined;
  for (const std::string& line : lines) joined += line + '|';
  return say_bytes(joined);
}
std::string bytes_of(const std::string& said) {
  std::string bytes;
  for (std::size_t at = std::string_view("bytes ").size(); at + 1 < said.size(); at += 2)
    bytes += static_cast<char>(std::stoi(said.substr(at, 2), nullptr, 16));
  return bytes;
}
std::string say_number(std::uint64_t number) { return "number " + std::to_string(number); }
std::string say_nothing() { return "nothing"; }
std::string say_error(int number) { return "errno " + std::to_string(number); }
std::string say_refusal() { return "refused"; }
std::string say_undecodable() { return "undecodable"; }
std::string say_lost() { return "lost"; }

}  // namespace ringfiles::contract
