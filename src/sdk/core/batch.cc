#include "kiln/batch.h"

#include <set>
#include <stdexcept>

#include "kiln/log.h"
#include "sdk/core/error_document.h"
#include "sdk/core/json_writer.h"

namespace kiln {
namespace {

using nlohmann::json;

enum class Order { kNone, kGroups, kAll };

// Looks into a batch as a tree and as a document. The text under a name is empty where there is
// none.
struct InTree {
  using Value = const json*;
  static Value member(Value value, const char* name) {
    if (!value || !value->is_object()) return nullptr;
    const auto found = value->find(name);
    return found == value->end() ? nullptr : &*found;
  }
  static std::string_view text(Value value, const char* name) {
    const Value found = member(value, name);
    const auto* text = found ? found->get_ptr<const std::string*>() : nullptr;
    return text ? *text : std::string_view();
  }
};

struct InDocument {
  using Value = JsonView;
  static Value member(Value value, std::string_view name) { return value[name]; }
  static std::string_view text(Value value, std::string_view name) {
    return value[name].text().value_or(std::string_view());
  }
};

template <class In>
struct Record {
  typename In::Value value;
  std::string_view identifier{};
  std::string_view group{};
  Order order = Order::kNone;
};

template <class In>
Record<In> read_record(typename In::Value value, size_t index) {
  Record<In> record{value};
  record.identifier = In::text(value, "messageId");
  if (!record.identifier.empty()) {
    if (In::text(value, "eventSourceARN").ends_with(".fifo")) {
      record.order = Order::kGroups;
      record.group = In::text(In::member(value, "attributes"), "MessageGroupId");
    }
    return record;
  }
  record.order = Order::kAll;
  record.identifier = In::text(In::member(value, "kinesis"), "sequenceNumber");
  if (record.identifier.empty()) {
    record.identifier = In::text(In::member(value, "dynamodb"), "SequenceNumber");
  }
  if (record.identifier.empty()) {
    throw std::invalid_argument("record " + std::to_string(index) +
                                " of the batch has no messageId and no sequence number");
  }
  return record;
}

[[noreturn]] void refuse_no_batch() {
  throw std::invalid_argument("the event has no 'Records': it is no batch of a queue or stream");
}

template <class In, class OnRecord>
bool handle(const Record<In>& record, const OnRecord& on_record) {
  try {
    on_record(record.value);
    return true;
  } catch (...) {
    const sdk::ExceptionInfo info = sdk::current_exception_info();
    log::error("a record failed",
               {{"itemIdentifier", record.identifier},
                {"errorType", info.type},
                {"errorMessage", std::string_view(info.message).substr(0, 4096)}});
    return false;
  }
}

template <class In, class OnRecord>
BatchFailures process(const std::vector<Record<In>>& records, const Context& context,
                      const OnRecord& on_record, BatchOptions options) {
  BatchFailures failures;
  std::set<std::string_view> stopped_groups;
  size_t done = 0;
  for (; done < records.size(); ++done) {
    const Record<In>& record = records[done];
    if (context.remaining_time() <= options.reserve) break;
    const bool skip = record.order == Order::kGroups && stopped_groups.contains(record.group);
    if (!skip && handle(record, on_record)) continue;
    failures.identifiers.push_back(record.identifier);
    if (record.order == Order::kGroups) stopped_groups.insert(record.group);
    if (record.order == Order::kAll) return failures;
  }
  if (done < records.size()) {
    log::warn("the time is up: records are left undone",
              {{"left_undone", records.size() - done}, {"records", records.size()}});
  }
  for (; done < records.size(); ++done) {
    failures.identifiers.push_back(records[done].identifier);
    if (records[done].order == Order::kAll) break;
  }
  return failures;
}

}  // namespace

std::string BatchFailures::json_array() const {
  sdk::JsonWriter writer;
  writer.begin_array();
  for (const std::string_view identifier : identifiers) {
    writer.begin_object();
    writer.member("itemIdentifier", identifier);
    writer.end_object();
  }
  writer.end_array();
  return writer.take();
}

std::string BatchFailures::json() const { return "{\"batchItemFailures\":" + json_array() + "}"; }

json process_batch(const json& event, const Context& context,
                   const std::function<void(const json&)>& on_record, BatchOptions options) {
  const json* const values = InTree::member(&event, "Records");
  if (!values || !values->is_array()) refuse_no_batch();
  std::vector<Record<InTree>> records;
  records.reserve(values->size());
  for (const json& value : *values) records.push_back(read_record<InTree>(&value, records.size()));
  const auto handled = process(
      records, context, [&](const json* record) { on_record(*record); }, options);
  json failures = json::array();
  for (const std::string_view identifier : handled.identifiers) {
    failures.push_back({{"itemIdentifier", identifier}});
  }
  return {{"batchItemFailures", failures}};
}

BatchFailures process_batch(JsonView event, const Context& context,
                            const std::function<void(JsonView)>& on_record, BatchOptions options) {
  const JsonView values = event["Records"];
  if (!values.is_array()) refuse_no_batch();
  std::vector<Record<InDocument>> records;
  records.reserve(values.size());
  for (const JsonView value : values.elements()) {
    records.push_back(read_record<InDocument>(value, records.size()));
  }
  return process(records, context, on_record, options);
}

}  // namespace kiln
