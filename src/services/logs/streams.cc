// CreateLogStream, DeleteLogStream, DescribeLogStreams.
#include <algorithm>

#include "logs/files.h"
#include "services/logs/errors.h"
#include "services/logs/input.h"
#include "services/logs/operations.h"
#include "services/logs/tokens.h"

namespace kiln::services {
namespace {

using logs::LogStreamInfo;
using nlohmann::json;

}  // namespace

Result<json> LogsOperations::create_log_stream(LogsInput& in) {
  const std::string name = in.group_name();
  const std::string stream = in.stream_name();
  if (!in.status()) return in.status().error();
  if (!groups_.has(region_, name)) return no_such_group();
  if (store_.has_stream({region_, name, stream})) {
    return Error{ErrorKind::kConflict, "ResourceAlreadyExistsException",
                 "The specified log stream already exists"};
  }
  store_.append({region_, name, stream}, logs::created_log_line(now_ms_));
  store_.flush();
  if (!store_.has_stream({region_, name, stream})) {
    return Error{ErrorKind::kUnavailable, "ServiceUnavailableException",
                 "Log stream " + stream +
                     " could not be written. Check the disk of the data "
                     "folder."};
  }
  return json::object();
}

Result<json> LogsOperations::delete_log_stream(LogsInput& in) {
  const std::string name = in.group_name();
  const std::string stream = in.stream_name();
  if (!in.status()) return in.status().error();
  if (!groups_.has(region_, name)) return no_such_group();
  if (!store_.has_stream({region_, name, stream})) return no_such_stream();
  if (auto removed = store_.remove_stream({region_, name, stream}); !removed)
    return removed.error();
  return json::object();
}

Result<json> LogsOperations::describe_log_streams(LogsInput& in) {
  const std::string prefix = in.name_prefix("logStreamNamePrefix");
  const std::string order = in.choice("orderBy", "LogStreamName, LastEventTime");
  const bool descending = in.flag("descending");
  const int64_t limit = in.number("limit", kMaxDescribedLogs, 1, kMaxDescribedLogs);
  const std::string token = in.filled_text("nextToken");
  const auto group = group_of(in);
  if (!group) return group.error();
  const bool by_time = order == "LastEventTime";
  if (by_time && !prefix.empty()) {
    return invalid_parameter_exception("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }

  const auto place = [&](const LogStreamInfo& s) {
    return ListPlace{by_time ? s.last_ms.value_or(0) : 0, s.name};
  };
  const auto before = [&](const ListPlace& a, const ListPlace& b) {
    return descending ? b < a : a < b;
  };
  std::vector<LogStreamInfo> streams = store_.streams(region_, *group);
  std::erase_if(streams, [&](const LogStreamInfo& s) { return !s.name.starts_with(prefix); });
  std::sort(streams.begin(), streams.end(),
            [&](const auto& a, const auto& b) { return before(place(a), place(b)); });
  auto next = streams.begin();
  if (!token.empty()) {
    const auto after = parse_list_token(token);
    if (!after) return after.error();
    next = std::find_if(streams.begin(), streams.end(),
                        [&](const LogStreamInfo& s) { return before(*after, place(s)); });
  }
  const auto end = next + std::min<ptrdiff_t>(streams.end() - next, limit);
  json documents = json::array();
  for (auto s = next; s != end; ++s) {
    json document = {{"logStreamName", s->name},
                     {"creationTime", s->created_ms},
                     {"arn", group_arn(*group) + ":log-stream:" + s->name},
                     // AWS has answered so for every stream since 2019.
                     {"storedBytes", 0}};
    if (s->first_ms) {
      document["uploadSequenceToken"] = sequence_token(s->stored_bytes);
      document["firstEventTimestamp"] = *s->first_ms;
      document["lastEventTimestamp"] = *s->last_ms;
      document["lastIngestionTime"] = *s->last_ingestion_ms;
    }
    documents.push_back(std::move(document));
  }
  json output = {{"logStreams", std::move(documents)}};
  if (end != streams.end()) output["nextToken"] = list_token(place(*(end - 1)));
  return output;
}

}  // namespace kiln::services
