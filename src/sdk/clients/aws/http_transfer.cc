#include "sdk/clients/aws/http_transfer.h"

#include <algorithm>
#include <cctype>

namespace kiln::http {
namespace {

constexpr long kMaxRedirects = 5;

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// A control character would end the line, and start another one of the caller's data.
bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

bool is_loopback(std::string_view url) {
  const std::string_view host = url.substr(url.find("://") + 3);
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

void check(const Request& request) {
  const std::string& url = request.url;
  const bool known = url.starts_with("http://") || url.starts_with("https://");
  const bool clean = !has_control(url) && url.find_first_of(" \t") == std::string::npos;
  if (!known || !clean) {
    throw Error(Error::Kind::kInvalid,
                "'" + url + "' is no URL; write it as https://host/path, percent-encoded");
  }
  const bool word =
      !request.method.empty() && std::all_of(request.method.begin(), request.method.end(),
                                             [](unsigned char c) { return std::isalpha(c) != 0; });
  if (!word) throw Error(Error::Kind::kInvalid, "'" + request.method + "' is no HTTP method");
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || has_control(name) || has_control(value) ||
        name.find_first_of(": \t") != std::string::npos) {
      throw Error(Error::Kind::kInvalid, "the header '" + name +
                                             "' can't be sent: a name has no "
                                             "blanks, and neither name nor value a line break");
    }
  }
}

}  // namespace

Transfer::Transfer(const CurlLibrary& curl, CURL* handle, const Request& request,
                   const std::string& user_agent)
    : curl_(curl), handle_(handle), request_(request) {
  check(request);
  curl_.easy_reset(handle_);  // keeps the connections
  const auto set = [&](CURLoption option, auto value) {
    curl_.easy_setopt(handle_, option, value);
  };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PATH_AS_IS, 1L);  // S3 keys may hold "..", and the signature is over what was asked
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(CURLOPT_USERAGENT, user_agent.c_str());
  set(CURLOPT_ERRORBUFFER, problem_);
  if (is_loopback(request.url)) set(CURLOPT_PROXY, "");
  if (request.redirects == Redirects::kFollow) {
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, kMaxRedirects);
  }

  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else if (request.method != "GET") {
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    has_type = has_type || equal_ignoring_case(name, "content-type");
    add_header(value.empty() ? name + ";"
                             : name + ": " + value);  // ";" is curl's word for no value
  }
  add_header("Expect:");
  if (!has_type) add_header("Content-Type:");  // else curl says that it is a form
  set(CURLOPT_HTTPHEADER, lines_);
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_PRIVATE, this);
}

Transfer::~Transfer() { curl_.slist_free_all(lines_); }

void Transfer::add_header(const std::string& line) {
  if (curl_slist* longer = curl_.slist_append(lines_, line.c_str())) {
    lines_ = longer;
  } else {
    curl_.slist_free_all(lines_);
    throw std::bad_alloc();
  }
}

size_t Transfer::on_header(char* data, size_t size, size_t count, void* self) {
  Response& response = static_cast<Transfer*>(self)->response_;
  const std::string_view line(data, size * count);
  try {
    if (line.starts_with("HTTP/")) {
      response.headers.clear();  // those of a redirect, or of a 100
      static_cast<Transfer*>(self)->head_complete_ = false;
    } else if (line == "\r\n" || line == "\n") {
      static_cast<Transfer*>(self)->head_complete_ = true;
    } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
      std::string name(line.substr(0, colon));
      std::transform(name.begin(), name.end(), name.begin(), lower);
      response.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
    }
  } catch (...) {
    static_cast<Transfer*>(self)->thrown_ = std::current_exception();
    return 0;
  }
  return line.size();
}

size_t Transfer::on_body(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  try {
    return transfer->take_body({data, size * count}) ? size * count : 0;
  } catch (...) {
    transfer->thrown_ = std::current_exception();
    return 0;
  }
}

bool Transfer::to_sink() {
  long status = 0;
  curl_.easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  return request_.sink && status >= 200 && status < 300;
}

bool Transfer::take_body(std::string_view piece) {
  response_.body_size += piece.size();
  if (to_sink()) {
    stopped_ = !request_.sink(piece);
    return !stopped_;
  }
  too_large_ = piece.size() > request_.max_body - response_.body.size();
  if (too_large_) return false;
  response_.body.append(piece);
  return true;
}

Outcome Transfer::finish(CURLcode code) {
  if (thrown_) std::rethrow_exception(thrown_);
  if (code != CURLE_OK) return failure(code);
  // curl takes a connection that ends amid the headers for their end.
  if (!head_complete_) {
    return Error(Error::Kind::kBroken, request_.url + ": the connection ended amid the headers");
  }
  long status = 0;
  curl_off_t microseconds = 0;
  curl_.easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  curl_.easy_getinfo(handle_, CURLINFO_TOTAL_TIME_T, &microseconds);
  response_.status = static_cast<int>(status);
  response_.duration = std::chrono::microseconds(microseconds);
  return std::move(response_);
}

Error Transfer::failure(CURLcode code) const {
  using Kind = Error::Kind;
  const std::string said = *problem_ ? problem_ : curl_.easy_strerror(code);
  if (too_large_) {
    return {Kind::kTooLarge, request_.url + ": the answer is longer than " +
                                 std::to_string(request_.max_body) + " bytes"};
  }
  if (stopped_) return {Kind::kStopped, request_.url + ": stopped by its receiver"};
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return {Kind::kInvalid, "'" + request_.url + "' is no URL: " + said};
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Kind::kConnect, request_.url + " can't be reached: " + said};
    case CURLE_OPERATION_TIMEDOUT: {
      curl_off_t sent_from = 0;  // 0: the connection was not there yet
      curl_.easy_getinfo(handle_, CURLINFO_PRETRANSFER_TIME_T, &sent_from);
      if (sent_from == 0)
        return {Kind::kConnect, request_.url + " can't be reached in time: " + said};
      return {Kind::kTimeout, request_.url + " did not answer in time: " + said};
    }
    default:
      return {Kind::kBroken, request_.url + ": " + said};
  }
}

}  // namespace kiln::http
