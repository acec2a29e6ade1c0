// A closed-loop load generator: N keep-alive connections, each sends its next request when its
// answer is there.
//
//   load --port P [--connections N] [--seconds S] [--warmup S] [--path PATH] [--body JSON]
//        [--type RequestResponse|Event] [--body-file FILE] [--answers echo|any] [--paths COUNT]
//   load … --paths COUNT      the connections take turns with COUNT paths; '%' in PATH is 0, 1, …
//   load --port P --each PREFIX COUNT [--pause MS]   COUNT requests, one each to the functions
//                                                    PREFIX0, PREFIX1, …, with a pause before each
//
// Prints one line of JSON: requests, errors, requests per second and latencies in microseconds. An
// answer counts as an error unless it is 200 with the body that was sent. Every latency is kept and
// sorted, so percentiles are exact.
//
// One connection is served by blocking calls (send, recv), more by one epoll: with one connection,
// epoll's extra system call would be part of every latency.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/http_text.h"

namespace {

using SteadyClock = std::chrono::steady_clock;

struct Options {
  uint16_t port = 0;
  int connections = 1;
  double seconds = 2;
  double warmup = 0.5;
  std::string path = "/2015-03-31/functions/echo/invocations";
  std::string body = "{\"hello\":\"you\"}";  // 15 bytes
  bool any_answer = false;  // what counts is the status; else the answer is the body again
  // Event: asynchronous invocations, which are answered with 202 and nothing.
  std::string invocation_type = "RequestResponse";
  int paths = 1;
  std::string each_prefix;
  int each_count = 0;
  std::chrono::milliseconds pause{0};
};

[[noreturn]] void usage(const char* what) {
  std::fprintf(stderr, "load: %s; see the head of bench/load.cc\n", what);
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (i + 1 >= argc) usage("an option lacks its value");
    const char* value = argv[++i];
    if (name == "--port") {
      options.port = static_cast<uint16_t>(std::atoi(value));
    } else if (name == "--connections") {
      options.connections = std::atoi(value);
    } else if (name == "--seconds") {
      options.seconds = std::atof(value);
    } else if (name == "--warmup") {
      options.warmup = std::atof(value);
    } else if (name == "--path") {
      options.path = value;
    } else if (name == "--body") {
      options.body = value;
    } else if (name == "--body-file") {
      std::ifstream file(value, std::ios::binary);
      options.body.assign(std::istreambuf_iterator<char>(file), {});
      if (!file.good() && !file.eof()) usage("the body's file can't be read");
    } else if (name == "--answers") {
      options.any_answer = std::string_view(value) == "any";
    } else if (name == "--paths") {
      options.paths = std::max(1, std::atoi(value));
    } else if (name == "--type") {
      options.invocation_type = value;
    } else if (name == "--pause") {
      options.pause = std::chrono::milliseconds(std::max(0, std::atoi(value)));
    } else if (name == "--each" && i + 1 < argc) {
      options.each_prefix = value;
      options.each_count = std::atoi(argv[++i]);
    } else {
      usage("an option that is not known");
    }
  }
  if (options.port == 0 || options.connections < 1) usage("--port is needed, and a connection");
  return options;
}

std::string request_text(const Options& options, const std::string& path) {
  return "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) +
         "\r\nContent-Type: application/json\r\n" +
         (options.invocation_type == "Event" ? "X-Amz-Invocation-Type: Event\r\n" : "") +
         "Content-Length: " + std::to_string(options.body.size()) + "\r\n\r\n" + options.body;
}

// Of the connection with that number.
std::string request_of(const Options& options, int connection) {
  std::string path = options.path;
  if (const size_t at = path.find('%'); at != std::string::npos) {
    path.replace(at, 1, std::to_string(connection % options.paths));
  }
  return request_text(options, path);
}

int connect_to(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    std::perror("load: connect");
    std::exit(1);
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

// What was counted between the end of the warm-up and the end of the run.
struct Tally {
  std::vector<uint32_t> latencies_ns;
  uint64_t errors = 0;
  std::string first_error;

  void error(std::string_view answer) {
    if (errors++ == 0) first_error = std::string(answer.substr(0, 300));
  }
};

enum class Read { kMore, kAnswer, kClosed };

class Client {
 public:
  Client(const Options& options, uint16_t port, std::string_view request = {})
      : options_(options), port_(port), request_(request), fd_(connect_to(port)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { close(fd_); }

  int fd() const { return fd_; }
  SteadyClock::time_point sent_at() const { return sent_at_; }

  void send_request() { send_request(request_); }
  void send_request(std::string_view text) {
    sent_at_ = SteadyClock::now();
    size_t sent = 0;
    while (sent < text.size()) {
      const ssize_t count = send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) break;  // the read that follows sees the end
      sent += static_cast<size_t>(count);
    }
  }

  // One recv. kAnswer: a whole answer is there, `good` says whether it is the echo.
  Read read_some(bool& good, Tally& tally) {
    const ssize_t count = recv(fd_, block_.data(), block_.size(), 0);
    if (count <= 0) return Read::kClosed;
    // The usual case, an answer in one piece, is not copied.
    std::string_view text(block_.data(), static_cast<size_t>(count));
    if (!in_.empty()) {
      in_.append(text);
      text = in_;
    }
    const kiln::bench::MessageSize size = kiln::bench::measure_message(text);
    if (size.bad) return Read::kClosed;
    if (!size.complete) {
      if (in_.empty()) in_ = text;
      return Read::kMore;
    }
    const bool event = options_.invocation_type == "Event";
    good = text.size() > 12 && text.substr(9, 3) == (event ? "202" : "200") &&
           (options_.any_answer ||
            text.substr(size.head, size.body) == (event ? std::string_view() : options_.body));
    if (!good) tally.error(text);
    in_.clear();
    return Read::kAnswer;
  }

  void reconnect() {
    close(fd_);
    in_.clear();
    fd_ = connect_to(port_);
  }

 private:
  const Options& options_;
  uint16_t port_;
  std::string_view request_;
  int fd_;
  std::string in_;
  SteadyClock::time_point sent_at_;
  std::array<char, 16384> block_;
};

// Sends and waits with blocking calls. False: the server closed the connection.
bool exchange(Client& client, const std::string& text, Tally& tally) {
  client.send_request(text);
  bool good = false;
  Read state = Read::kMore;
  while (state == Read::kMore) state = client.read_some(good, tally);
  if (state == Read::kClosed) {
    tally.error("connection closed");
    client.reconnect();
    return false;
  }
  if (good) {
    const auto elapsed = SteadyClock::now() - client.sent_at();
    tally.latencies_ns.push_back(static_cast<uint32_t>(elapsed.count()));
  }
  return true;
}

// Runs until `end`; what was sent before `from` is not counted.
void run_one(const Options& options, SteadyClock::time_point from, SteadyClock::time_point end,
             Tally& tally) {
  const std::string text = request_of(options, 0);
  Client client(options, options.port);
  bool counting = false;
  while (SteadyClock::now() < end) {
    if (!counting && SteadyClock::now() >= from) {
      counting = true;
      tally.latencies_ns.clear();
    }
    exchange(client, text, tally);
  }
}

void run_many(const Options& options, SteadyClock::time_point from, SteadyClock::time_point end,
              Tally& tally) {
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::string> texts;
  const auto watch = [&](Client* client, int operation) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = client;
    epoll_ctl(poll, operation, client->fd(), &event);
  };
  for (int i = 0; i < std::min(options.paths, options.connections); ++i) {
    texts.push_back(request_of(options, i));
  }
  for (int i = 0; i < options.connections; ++i) {
    clients.push_back(std::make_unique<Client>(options, options.port,
                                               texts[static_cast<size_t>(i) % texts.size()]));
    watch(clients.back().get(), EPOLL_CTL_ADD);
    clients.back()->send_request();
  }
  std::array<epoll_event, 128> events{};
  auto now = SteadyClock::now();
  while (now < end) {
    const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
    now = SteadyClock::now();
    for (int i = 0; i < ready; ++i) {
      auto* client = static_cast<Client*>(events[static_cast<size_t>(i)].data.ptr);
      bool good = false;
      const Read state = client->read_some(good, tally);
      if (state == Read::kMore) continue;
      if (state == Read::kClosed) {
        tally.error("connection closed");
        client->reconnect();
        watch(client, EPOLL_CTL_ADD);
      } else if (good && client->sent_at() >= from) {
        const auto elapsed = SteadyClock::now() - client->sent_at();
        tally.latencies_ns.push_back(static_cast<uint32_t>(elapsed.count()));
      }
      client->send_request();
    }
  }
  close(poll);
}

void run_each(const Options& options, Tally& tally) {
  Client client(options, options.port);
  for (int i = 0; i < options.each_count; ++i) {
    const std::string path =
        "/2015-03-31/functions/" + options.each_prefix + std::to_string(i) + "/invocations";
    std::this_thread::sleep_for(options.pause);
    exchange(client, request_text(options, path), tally);
  }
}

double percentile_us(const std::vector<uint32_t>& sorted, double fraction) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<size_t>(fraction * static_cast<double>(sorted.size()));
  return static_cast<double>(sorted[std::min(index, sorted.size() - 1)]) / 1000.0;
}

void print(const Options& options, Tally& tally, double seconds) {
  std::vector<uint32_t>& sorted = tally.latencies_ns;
  std::sort(sorted.begin(), sorted.end());
  std::printf(
      "{\"connections\":%d,\"requests\":%zu,\"errors\":%llu,\"seconds\":%.3f,\"rps\":%.1f,\"p50_"
      "us\":%.2f,"
      "\"p90_us\":%.2f,\"p99_us\":%.2f,\"p999_us\":%.2f,\"max_us\":%.2f}\n",
      options.connections, sorted.size(), static_cast<unsigned long long>(tally.errors), seconds,
      seconds > 0 ? static_cast<double>(sorted.size()) / seconds : 0.0, percentile_us(sorted, 0.5),
      percentile_us(sorted, 0.9), percentile_us(sorted, 0.99), percentile_us(sorted, 0.999),
      percentile_us(sorted, 1.0));
  if (tally.errors > 0)
    std::fprintf(stderr, "load: first wrong answer: %s\n", tally.first_error.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Tally tally;
  tally.latencies_ns.reserve(1'000'000);
  const auto span = [](double seconds) {
    return std::chrono::duration_cast<SteadyClock::duration>(
        std::chrono::duration<double>(seconds));
  };
  const auto start = SteadyClock::now();
  if (options.each_count > 0) {
    run_each(options, tally);
    print(options, tally, std::chrono::duration<double>(SteadyClock::now() - start).count());
  } else {
    const auto from = start + span(options.warmup);
    const auto end = from + span(options.seconds);
    options.connections == 1 ? run_one(options, from, end, tally)
                             : run_many(options, from, end, tally);
    print(options, tally, options.seconds);
  }
  return tally.errors > 0 ? 1 : 0;
}
