// tasks::run_all: HTTP requests, file operations and blocking calls, all at once.
//
//   kiln::http::Client http;
//   const auto results = kiln::tasks::run_all(
//       {kiln::tasks::http({.url = "http://example.org/"}, std::chrono::seconds(5)),
//        kiln::tasks::file({.kind = kiln::tasks::FileOperation::Kind::kRead, .path = "/tmp/a"}),
//        kiln::tasks::call([connection] { return connection->count_orders(); })},
//       http);
//   for (const auto& [index, error] : results.errors) …   // results.values[index] is empty
//
// Values are in the order of the tasks; a task that throws, or is not done in its time, is an entry
// of `errors`, and the others go on. Requests share one thread, the calling one, through libcurl;
// the rest runs on up to `threads` threads, in order when there are more tasks. Times count from
// the beginning of run_all, waiting included.
//
// A blocking call can't be ended from outside: when its time is up run_all returns without it, and
// the call goes on in the background until it ends by itself. So a call owns what it uses (captures
// by value, std::shared_ptr), and its result is dropped.
//
// Threading: any thread; calls run on other threads than the caller's. Ownership: the tasks are
// moved in; the body of a request must live until run_all returns. Cost: a thread (about 20 µs) for
// each blocking task up to `threads`; none for requests. Links kiln_tasks, which links kiln_http.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kiln/http.h"

namespace kiln::tasks {

// One file below a folder. The path is absolute and below `root`, without "..", and no part of it
// below `root` may be a symbolic link: what an event asks for can't lead elsewhere.
struct FileOperation {
  enum class Kind { kRead, kWrite, kAppend, kStat };
  Kind kind;
  std::string path;
  std::string content = {};  // of kWrite and kAppend, which make the file when there is none
  std::string root = "/tmp";
  size_t max_read = size_t{16} << 20;  // a longer file is an error
};

// kRead: {"size","content"}; kWrite, kAppend: {"size","bytes_written"}; kStat: {"size","type"
// ("file", "directory", "other"),"modified" (seconds since 1970)}. Throws std::invalid_argument for
// a path that is not allowed and std::system_error for what the system refuses.
nlohmann::json run(const FileOperation& operation);

struct HttpTask {
  http::Request request;
  std::function<nlohmann::json(const http::Response&)> read;
};

struct Task {
  std::variant<HttpTask, std::function<nlohmann::json()>> work;
  std::chrono::milliseconds timeout;
};

inline constexpr std::chrono::milliseconds kDefaultTimeout{10'000};

// `read` makes the value of the answer, of whatever status; without it: {"status_code",
// "response_size"}. The request's own time-out counts when it is shorter.
Task http(http::Request request, std::chrono::milliseconds timeout = kDefaultTimeout,
          std::function<nlohmann::json(const http::Response&)> read = {});
Task file(FileOperation operation, std::chrono::milliseconds timeout = kDefaultTimeout);
Task call(std::function<nlohmann::json()> work,
          std::chrono::milliseconds timeout = kDefaultTimeout);

struct Failure {
  size_t index;
  std::string error;  // never empty
};

struct Results {
  std::vector<std::optional<nlohmann::json>> values;  // one for each task
  std::vector<Failure> errors;                        // ascending
};

// Throws nothing that a task can cause.
Results run_all(std::vector<Task> tasks, http::Client& client, size_t threads = 16);

}  // namespace kiln::tasks
