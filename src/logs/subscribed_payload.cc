#include "logs/subscribed_payload.h"

#include <zlib.h>

#include <new>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/digest.h"
#include "base/json_access.h"

namespace kiln::logs {
namespace {

using nlohmann::json;

constexpr int kGzipWindow = 15 + 16;  // the largest window, with gzip's header
constexpr int kZlibMemory = 8;        // zlib's own choice

std::string gzip(const std::string& text) {
  z_stream stream{};
  // It fails only where there is no memory.
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kZlibMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  KILN_CHECK(ended == Z_STREAM_END);
  return out;
}

}  // namespace

std::string subscribed_payload(const SubscribedSource& source, const std::vector<LogEvent>& events,
                               size_t from, size_t to) {
  json list = json::array();
  for (size_t i = from; i < to; ++i)
    list.push_back({{"id", event_id(events[i])},
                    {"timestamp", events[i].timestamp_ms},
                    {"message", events[i].origin == LogOrigin::kFunction ? events[i].message + "\n"
                                                                         : events[i].message}});
  const json document = {{"messageType", "DATA_MESSAGE"},
                         {"owner", source.account},
                         {"logGroup", source.group},
                         {"logStream", source.stream},
                         {"subscriptionFilters", {source.filter}},
                         {"logEvents", std::move(list)}};
  const std::string packed = gzip(json_dump(document));
  return json_dump(json{{"awslogs", {{"data", base64_encode(packed)}}}});
}

}  // namespace kiln::logs
