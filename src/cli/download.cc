#include "cli/download.h"

#include "cli/curl_library.h"

namespace kiln::cli {
namespace {

struct Sink {
  std::string body;
  size_t limit;
};

size_t append(char* data, size_t size, size_t count, void* to) {
  auto* sink = static_cast<Sink*>(to);
  if (sink->body.size() + size * count > sink->limit) return 0;
  sink->body.append(data, size * count);
  return size * count;
}

}  // namespace

Result<std::string> download(const std::string& url, size_t limit) {
  const std::string shown = url.substr(0, url.find('?'));  // without signatures
  const auto failed = [&](const std::string& why) {
    return Error{ErrorKind::kUnavailable, "Download", "can't fetch " + shown + ": " + why};
  };
  const Result<CurlLibrary> curl = CurlLibrary::load();
  if (!curl) return curl.error();
  CURL* handle = curl->easy_init();
  if (handle == nullptr) return failed("libcurl could not be started");
  Sink sink{{}, limit};
  constexpr long kConnectTimeoutMs = 5000, kTimeoutMs = 120'000;
  curl->easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl->easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl->easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl->easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl->easy_setopt(handle, CURLOPT_TIMEOUT_MS, kTimeoutMs);
  curl->easy_setopt(handle, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1");
  curl->easy_setopt(handle, CURLOPT_WRITEFUNCTION, append);
  curl->easy_setopt(handle, CURLOPT_WRITEDATA, &sink);
  const CURLcode code = curl->easy_perform(handle);
  long status = 0;
  curl->easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  curl->easy_cleanup(handle);
  if (code == CURLE_WRITE_ERROR) return failed("more than " + std::to_string(limit) + " bytes");
  if (code != CURLE_OK) return failed(curl->easy_strerror(code));
  if (status != 200) return failed("status " + std::to_string(status));
  return std::move(sink.body);
}

}  // namespace kiln::cli
