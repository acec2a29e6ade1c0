#include "kiln/batch.h"

#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "kiln/log.h"
#include "sdk/core/error_document.h"

namespace kiln {
namespace {

using nlohmann::json;

enum class Order { kNone, kGroups, kAll };

const std::string* text_at(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

const json& object_at(const json& object, const char* name) {
  static const json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(name);
  return found == object.end() ? kNone : *found;
}

struct Record {
  const json* value;
  const std::string* identifier;
  std::string group;
  Order order;
};

Record read_record(const json& value, size_t index) {
  Record record{&value, nullptr, {}, Order::kNone};
  if ((record.identifier = text_at(value, "messageId"))) {
    const std::string* queue = text_at(value, "eventSourceARN");
    if (queue && queue->ends_with(".fifo")) {
      record.order = Order::kGroups;
      const std::string* group = text_at(object_at(value, "attributes"), "MessageGroupId");
      if (group) record.group = *group;
    }
  } else {
    record.order = Order::kAll;
    record.identifier = text_at(object_at(value, "kinesis"), "sequenceNumber");
    if (!record.identifier) {
      record.identifier = text_at(object_at(value, "dynamodb"), "SequenceNumber");
    }
  }
  if (!record.identifier || record.identifier->empty()) {
    throw std::invalid_argument("record " + std::to_string(index) +
                                " of the batch has no messageId and no sequence number");
  }
  return record;
}

std::vector<Record> read_records(const json& event) {
  const json& values = object_at(event, "Records");
  if (!values.is_array()) {
    throw std::invalid_argument("the event has no 'Records': it is no batch of a queue or stream");
  }
  std::vector<Record> records;
  records.reserve(values.size());
  for (const json& value : values) records.push_back(read_record(value, records.size()));
  return records;
}

bool handle(const Record& record, const std::function<void(const json&)>& on_record) {
  try {
    on_record(*record.value);
    return true;
  } catch (...) {
    const sdk::ExceptionInfo info = sdk::current_exception_info();
    log::error("a record failed",
               {{"itemIdentifier", *record.identifier},
                {"errorType", info.type},
                {"errorMessage", std::string_view(info.message).substr(0, 4096)}});
    return false;
  }
}

}  // namespace

json process_batch(const json& event, const Context& context,
                   const std::function<void(const json&)>& on_record, BatchOptions options) {
  const std::vector<Record> records = read_records(event);
  json failures = json::array();
  std::set<std::string> stopped_groups;
  size_t done = 0;
  for (; done < records.size(); ++done) {
    const Record& record = records[done];
    if (context.remaining_time() <= options.reserve) break;
    const bool skip = record.order == Order::kGroups && stopped_groups.contains(record.group);
    if (!skip && handle(record, on_record)) continue;
    failures.push_back({{"itemIdentifier", *record.identifier}});
    if (record.order == Order::kGroups) stopped_groups.insert(record.group);
    if (record.order == Order::kAll) return {{"batchItemFailures", failures}};
  }
  if (done < records.size()) {
    log::warn("the time is up: records are left undone",
              {{"left_undone", records.size() - done}, {"records", records.size()}});
  }
  for (; done < records.size(); ++done) {
    failures.push_back({{"itemIdentifier", *records[done].identifier}});
    if (records[done].order == Order::kAll) break;
  }
  return {{"batchItemFailures", failures}};
}

}  // namespace kiln
