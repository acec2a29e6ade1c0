// kiln files and kiln exec.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "base/time_format.h"
#include "cli/environment_list.h"
#include "cli/function_api.h"
#include "cli/inside.h"
#include "cli/inspect_commands.h"
#include "cli/named_function.h"
#include "cli/table.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

struct FileRow {
  std::string name;
  std::string kind;  // file, folder, link, other
  int64_t bytes = 0;
  unsigned mode = 0;
  int64_t modified_s = 0;
};

std::string kind_of_file(mode_t mode) {
  if (S_ISREG(mode)) return "file";
  if (S_ISDIR(mode)) return "folder";
  if (S_ISLNK(mode)) return "link";
  return "other";
}

Result<std::vector<FileRow>> read_folder(UniqueFd folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(folder.release()), ::closedir);
  if (!dir) return Error{ErrorKind::kInvalid, "NoFolder", std::strerror(errno)};
  std::vector<FileRow> rows;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat st = {};
    if (::fstatat(::dirfd(dir.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
    rows.push_back({name, kind_of_file(st.st_mode), st.st_size, st.st_mode & 07777U, st.st_mtime});
  }
  std::sort(rows.begin(), rows.end(),
            [](const FileRow& a, const FileRow& b) { return a.name < b.name; });
  return rows;
}

std::string mode_text(const FileRow& row) {
  std::string out = row.kind == "folder" ? "d" : row.kind == "link" ? "l" : "-";
  for (int shift = 6; shift >= 0; shift -= 3)
    for (const auto& [bit, letter] : {std::pair{4U, 'r'}, std::pair{2U, 'w'}, std::pair{1U, 'x'}})
      out += (row.mode >> shift & bit) != 0 ? letter : '-';
  return out;
}

void print_folder(Console& console, OutputFormat format, const std::vector<FileRow>& rows) {
  if (format == OutputFormat::kJson) {
    nlohmann::json list = nlohmann::json::array();
    for (const FileRow& row : rows)
      list.push_back({{"name", row.name},
                      {"kind", row.kind},
                      {"bytes", row.bytes},
                      {"mode", mode_text(row)},
                      {"modified", row.modified_s}});
    console.out << json_pretty(list) << '\n';
    return;
  }
  Table table({{"MODE"}, {"BYTES", Align::kRight}, {"MODIFIED"}, {"NAME"}});
  for (const FileRow& row : rows)
    table.add({mode_text(row), std::to_string(row.bytes),
               format_iso_ms(WallTime(std::chrono::seconds(row.modified_s))),
               row.kind == "folder" ? row.name + "/" : row.name});
  console.out << table.format(console);
}

int print_file(Console& console, const UniqueFd& file) {
  std::array<char, 64 * 1024> chunk{};
  ssize_t n = 0;
  while ((n = ::read(file.get(), chunk.data(), chunk.size())) > 0 && console.out)
    console.out.write(chunk.data(), n);
  return n < 0 ? fail(console, {ErrorKind::kInvalid, "NoFile", std::strerror(errno)}) : kExitOk;
}

Result<EnvironmentRow> find_environment(const ClientOptions& options, const std::string& command,
                                        const std::string& wanted) {
  const Result<NamedFunction> function = read_function(wanted, options.api);
  if (!function) return function.error();
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return client.error();
  const Result<nlohmann::json> all = list_environments(*client);
  if (!all) return all.error();
  const Result<std::string> version = version_of(*client, function->target);
  if (!version) return error_on(*function, version.error());
  auto chosen = choose_environment(*all, command, function->text(), *version);
  if (chosen || chosen.error().type != kNoEnvironment) return chosen;
  const auto there = client->json({.path = configuration_path(function->target)});
  if (there) return chosen;
  if (there.error().type != "ResourceNotFoundException") return there.error();
  Error neither = no_such_function(function->name, function->api);
  neither.message = "no environment and " + neither.message + ", and `kiln ps` the environments";
  return neither;
}

int run_files(Console& console, const ClientOptions& options, const std::string& wanted,
              const std::string& path) {
  const Result<EnvironmentRow> row = find_environment(options, "files", wanted);
  if (!row) return fail(console, row.error());
  // Looked at before it is opened: a pipe or a device would be waited for.
  Result<UniqueFd> place = open_inside(row->pid, path, O_PATH);
  if (!place) return fail(console, place.error());
  struct stat st = {};
  ::fstat(place->get(), &st);
  if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
    return fail(console, {ErrorKind::kInvalid, "NoFile", path + " is neither a file nor a folder"});
  Result<UniqueFd> opened = open_inside(row->pid, path, O_RDONLY);
  if (!opened) return fail(console, opened.error());
  if (S_ISREG(st.st_mode)) return print_file(console, *opened);
  const Result<std::vector<FileRow>> rows = read_folder(*std::move(opened));
  if (!rows) return fail(console, rows.error());
  print_folder(console, options.format, *rows);
  return kExitOk;
}

int run_exec(Console& console, const ClientOptions& options, const std::string& wanted,
             const std::vector<std::string>& command) {
  const Result<EnvironmentRow> row = find_environment(options, "exec", wanted);
  if (!row) return fail(console, row.error());
  // What stands after "--" is the program's.
  std::vector<std::string> words = command;
  if (!words.empty() && words[0] == "--") words.erase(words.begin());
  if (words.empty()) words = {"/bin/sh"};
  const Result<int> code = run_inside(row->pid, words);
  return code ? *code : fail(console, code.error());
}

}  // namespace

void add_files_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("files", "List or print files as an environment sees them");
  command->footer(
      "A folder is listed, a file is printed. Name the environment by the id that `kiln ps` "
      "shows,\n"
      "or by its function when that has only one.\n"
      "\n"
      "Examples:\n"
      "  kiln files hello\n"
      "  kiln files hello /tmp\n"
      "  kiln files 3f9a2c41 /tmp/cache.json > cache.json");
  auto wanted = std::make_shared<std::string>();
  auto path = std::make_shared<std::string>("/var/task");
  command
      ->add_option("environment", *wanted,
                   "Id of the environment, or a function's name, with an optional version or alias")
      ->required();
  command->add_option("path", *path, "Folder or file")->capture_default_str();
  auto options = add_client_options(*command);
  command->callback([&invocation, options, wanted, path] {
    invocation.exit_code = run_files(invocation.console, *options, *wanted, *path);
  });
}

void add_exec_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("exec", "Run a program inside an environment");
  command->footer(
      "The program sees the function's files, processes, user and environment variables; Lambda's\n"
      "limits of memory and CPU don't apply to it. Without a command it is /bin/sh. Name the\n"
      "environment by the id that `kiln ps` shows, or by its function when that has only one.\n"
      "\n"
      "Examples:\n"
      "  kiln exec hello\n"
      "  kiln exec hello -- ls -l /tmp\n"
      "  kiln exec 3f9a2c41 -- env");
  auto wanted = std::make_shared<std::string>();
  auto words = std::make_shared<std::vector<std::string>>();
  command
      ->add_option("environment", *wanted,
                   "Id of the environment, or a function's name, with an optional version or alias")
      ->required();
  command->add_option("command", *words, "Program and its arguments")->type_name("COMMAND");
  auto options = add_endpoint_options(*command);
  command->positionals_at_end();
  command->callback([&invocation, options, wanted, words] {
    invocation.exit_code = run_exec(invocation.console, *options, *wanted, *words);
  });
}

}  // namespace kiln::cli
