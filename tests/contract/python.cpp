#include "python.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace ringfiles::contract {
namespace {

// Answers for the whole list at once: starting Python costs more than all the scripts.
constexpr const char* program = R"(
import io, os, sys, tempfile

marks = {}

def say(value):
    if value is None: return "nothing"
    if isinstance(value, str): value = value.encode("utf-8", "surrogatepass")
    return "bytes " + value.hex() if isinstance(value, bytes) else "number %d" % value

# EINVAL of lseek(2), for a position before the start, is what others refuse by themselves.
def attempt(call):
    try: return say(call())
    except io.UnsupportedOperation: return "refused"
    except UnicodeEncodeError: return "refused"
    except (UnicodeError, TypeError): return "undecodable"  # TypeError: a handler for writing only
    except OSError as error: return "refused" if error.errno == 22 else "errno %d" % error.errno
    except ValueError: return "refused"

# CPython says a negative number after some relative seeks, although it is at the right place.
def seek(f, offset, whence):
    there = f.seek(offset, whence)
    return there if there >= 0 else f.tell()

def perform(f, step):
    call, number, whence, data = step.split(":")
    number, data = int(number), bytes.fromhex(data)
    if not isinstance(f, io.TextIOBase): payload = data
    else: payload = data.decode("utf-8", "surrogatepass")
    if call == "m": marks[f] = f.tell()
    if call == "b": f.seek(marks.get(f, 0))
    return attempt(lambda: {
        "r": lambda: f.read(number), "l": lambda: f.readline(number),
        "w": lambda: f.write(payload), "s": lambda: seek(f, number, int(whence)),
        "t": f.tell, "T": lambda: f.truncate(None if number < 0 else number),
        "f": f.flush, "c": f.close, "m": lambda: None, "b": lambda: None}[call]())

def content(path):
    if not os.path.exists(path): return "nothing"
    with open(path, "rb") as f: return say(f.read())

def run(folder, line):
    mode, newline, encoding, errors, before, *steps = line.split(" ")
    path = os.path.join(folder, "f")
    if os.path.exists(path): os.unlink(path)
    if before != "-":
        with open(path, "wb") as f: f.write(bytes.fromhex(before[1:]))
    options = {}
    if "b" not in mode:
        options = {"encoding": encoding, "errors": errors, "newline": eval(newline)}
    opened = []
    marks.clear()
    words = [attempt(lambda: opened.append(open(path, mode, **options)))]
    if opened:
        for step in steps:
            words.append(perform(opened[0], step))
            if words[-1] == "undecodable": break
        attempt(opened[0].close)
    return words + [content(path)]

memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
with tempfile.TemporaryDirectory(dir=memory) as folder:
    for line in open(sys.argv[1]): print(";".join(run(folder, line.rstrip("\n"))))
)";

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; std::getline(in, word, ';');) words.push_back(word);
  return words;
}

/// A folder that goes with everything in it.
struct scratch {
  std::string name = std::filesystem::temp_directory_path() / "ringfiles-python-XXXXXX";
  scratch() {
    if (::mkdtemp(name.data()) == nullptr) name.clear();
  }
  ~scratch() { std::filesystem::remove_all(name); }
};

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::array<char, 4096> part;
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe))
    text.append(part.data(), count);
  ::pclose(pipe);
  return text;
}

}  // namespace

std::string script::text() const {
  std::string line = mode + " " + newline + " " + encoding + " " + errors + " " +
                     (content ? "=" + hex(*content) : "-");
  for (const step& next : steps)
    line += std::string(" ") + next.call + ":" + std::to_string(next.number) + ":" +
            std::to_string(next.from) + ":" + hex(next.data);
  return line;
}

std::optional<std::vector<std::vector<std::string>>> ask_python(
    const std::vector<script>& scripts) {
  std::string lines;
  for (const script& next : scripts) lines += next.text() + "\n";
  // Each back end asks the same.
  static std::map<std::string, std::vector<std::vector<std::string>>> known;
  if (const auto found = known.find(lines); found != known.end()) return found->second;
  const scratch folder;
  std::ofstream(folder.name + "/program") << program;
  std::ofstream(folder.name + "/scripts") << lines;
  std::istringstream answers(
      output_of("python3 " + folder.name + "/program " + folder.name + "/scripts"));
  std::vector<std::vector<std::string>> results;
  for (std::string line; std::getline(answers, line);) results.push_back(split(line));
  if (results.size() != scripts.size()) return std::nullopt;
  return known[lines] = std::move(results);
}

std::string say_bytes(std::string_view bytes) { return "bytes " + hex(bytes); }
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

}  // namespace ringfiles::contract
