#include "logagg/options.hpp"

#include <CLI/CLI.hpp>
#include <ostream>
#include <stdexcept>

namespace logagg {
namespace {

// All of the help fits into 80 columns.
constexpr const char* description =
    "Reads log files, all at the same time, and writes the lines that matter into\n"
    "one report, ordered by time.\n";

constexpr const char* footer =
    R"(PATH is a file, a folder (every file below it) or a pattern: * ? [abc] [!abc]
and ** for any depth; quote it to keep the shell out. Files compressed with gzip
are read as they are. A file that is named twice, also by links, is read once,
under its first name.

Timestamps: ISO 8601, syslog, RFC 5424, Apache, nginx, log4j, Python, JSON
lines, epoch. A line without one goes with the line above it. Equal ones are
ordered by file, then by line.

Exit status:
  0  lines were found
  1  no line was found
  2  nothing could be done: a wrong option, no readable input, no place to write
  3  the report is there, but some of the input could not be read

Examples:
  logagg /var/log/myapp
  logagg -o report.txt 'logs/**/*.log' 'logs/**/*.log.*.gz'
  logagg --format json --match '(?i)\b(error|fatal)\b' /var/log/nginx
  logagg --level WARN --match 'timeout after \d+ ms' service_*.log)";

void declare_inputs(CLI::App& app, options& into) {
  app.add_option("PATH", into.inputs, "Files, folders and patterns")
      ->required()
      ->type_name("")
      ->check([](const std::string& path) {
        const bool sound = !path.empty() && path.find('\0') == std::string::npos;
        return sound ? std::string() : std::string("a path cannot be empty");
      });
  app.add_option("-j,--jobs", into.jobs, "Files read at the same time, at most [64]")
      ->type_name("N")
      ->check(CLI::Range(1U, options::jobs_max).description(""));
  app.add_option_function<std::string>(
         "--zone",
         [&into](const std::string& text) { into.zone_offset = parse_zone_offset(text).value(); },
         "The zone of timestamps that name none, such as\n+01:00 [UTC]")
      ->type_name("OFFSET")
      ->check([](const std::string& text) {
        return parse_zone_offset(text) ? std::string()
                                       : "not a zone such as +01:00 or UTC: " + text;
      });
}

void declare_filter(CLI::App& app, options& into) {
  app.add_option("--level", into.filter.level,
                 "Lines with this word, upper and lower case distinct\n"
                 "[ERROR, unless --match is given]")
      ->type_name("WORD");
  app.add_option("--match", into.filter.pattern,
                 "Lines that this regular expression (RE2) matches;\n"
                 "with --level, both have to hold")
      ->type_name("REGEX");
}

void declare_output(CLI::App& app, options& into) {
  app.add_option("-o,--output", into.report_path,
                 "Write the report here, in one step: there is the old\n"
                 "one or the new one, never half of it [standard output]")
      ->type_name("REPORT");
  app.add_option_function<std::string>(
         "--format",
         [&into](const std::string& name) {
           into.format = name == "json" ? report_format::json : report_format::text;
         },
         "text or json [text]")
      ->type_name("FORMAT")
      ->check([](const std::string& name) {
        const bool known = name == "text" || name == "json";
        return known ? std::string() : "neither text nor json: " + name;
      });
  app.add_flag("--stats", into.stats, "Say on standard error what was read, and how fast");
}

}  // namespace

std::variant<options, exit_status> parse_options(int argc, const char* const* argv,
                                                 std::ostream& out, std::ostream& err) {
  options parsed;
  CLI::App app(description, "logagg");
  app.footer(footer);
  app.get_formatter()->column_width(24);
  app.get_formatter()->label("REQUIRED", "");
  app.set_help_flag("-h,--help", "Show this and end");
  app.set_version_flag("--version", std::string("logagg ") + version, "Show the version and end");
  declare_output(app, parsed);
  declare_filter(app, parsed);
  declare_inputs(app, parsed);
  try {
    app.parse(argc, argv);
    static_cast<void>(line_filter(parsed.filter));
  } catch (const CLI::ParseError& error) {
    const bool asked_for = app.exit(error, out, err) == 0;
    return asked_for ? exit_status::found : exit_status::error;
  } catch (const std::invalid_argument& error) {
    err << error.what() << "\nRun with --help for more information.\n";
    return exit_status::error;
  }
  if (parsed.report_path == "-") parsed.report_path.reset();
  return parsed;
}

}  // namespace logagg
