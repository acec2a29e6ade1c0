#include "file_operations.h"

#include <stdexcept>

#include "bad_request.h"
#include "sdk/core/json_reader.h"
#include "sdk/core/text.h"

namespace optimized_imports {
namespace {

using kiln::dynamodb::Item;
using kiln::dynamodb::Value;
using kiln::sdk::JsonReader;
using nlohmann::json;

kiln::aws::Config config_of(const char* service, const Configuration& configuration) {
  auto config = kiln::aws::Config::from_environment(service);
  config.timeout = configuration.timeout;
  config.max_attempts = 1 + configuration.retry_count;
  return config;
}

FileOperation read_operation(JsonReader& reader) {
  using Kind = JsonReader::Kind;
  FileOperation operation;
  if (reader.peek() != Kind::kObject) {
    reader.skip();
    operation.problem = "an operation must be an object";
    return operation;
  }
  reader.object([&](std::string_view key) {
    const std::string name(key);
    std::string* const text = name == "type"      ? &operation.type
                              : name == "bucket"  ? &operation.bucket
                              : name == "content" ? &operation.content
                              : name == "table"   ? &operation.table
                              : name == "key"     ? &operation.key
                                                  : nullptr;
    const Kind kind = reader.peek();
    if (text && kind == Kind::kString) {
      *text = reader.string();
    } else if (name == "key" && kind == Kind::kObject) {
      operation.key_json = reader.skip();
    } else if (name == "item") {
      operation.item_json = reader.skip();
    } else {
      reader.skip();
      if (text) operation.problem = "'" + name + "' must be a text";
    }
  });
  return operation;
}

const std::string& required(const std::string& value, const char* name) {
  if (value.empty()) throw std::invalid_argument(std::string("'") + name + "' is missing");
  return value;
}

Item item_of(const std::string& text, const char* name) {
  const Value value = Value::parse(required(text, name));
  const auto* item = value.get_if<Item>();
  if (!item) throw std::invalid_argument(std::string("'") + name + "' must be an object");
  return *item;
}

json to_json(const Item& item) {
  json out = json::object();
  for (const auto& [name, value] : item) out[name] = value.to_json();
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t size = kiln::sdk::utf8_sequence(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace

json FileOperation::summary() const {
  json out = {{"type", type}};
  if (!bucket.empty()) out["bucket"] = bucket;
  if (!key.empty()) out["key"] = key;
  if (!table.empty()) out["table"] = table;
  return out;
}

std::vector<FileOperation> read_operations(std::string_view text) {
  JsonReader reader(text);
  if (reader.peek() != JsonReader::Kind::kArray) throw BadRequest("'operations' must be a list");
  std::vector<FileOperation> operations;
  reader.array([&] { operations.push_back(read_operation(reader)); });
  return operations;
}

FileOperations::FileOperations(const Configuration& configuration)
    : s3_([configuration] {
        return std::make_unique<kiln::s3::Client>(config_of("s3", configuration));
      }),
      dynamodb_([configuration] {
        return std::make_unique<kiln::dynamodb::Client>(config_of("dynamodb", configuration));
      }) {}

json FileOperations::run(const FileOperation& operation) {
  if (!operation.problem.empty()) throw std::invalid_argument(operation.problem);
  if (operation.type == "s3_upload") return upload(operation);
  if (operation.type == "s3_download") return download(operation);
  if (operation.type == "dynamodb_put") return put(operation);
  if (operation.type == "dynamodb_get") return get(operation);
  throw std::invalid_argument("Unknown operation type: " + operation.type);
}

json FileOperations::upload(const FileOperation& operation) {
  required(operation.bucket, "bucket");
  required(operation.key, "key");
  s3_->put(operation.bucket, operation.key, operation.content, {.content_type = "text/plain"});
  return {{"success", true},
          {"bucket", operation.bucket},
          {"key", operation.key},
          {"size", operation.content.size()}};
}

json FileOperations::download(const FileOperation& operation) {
  required(operation.bucket, "bucket");
  required(operation.key, "key");
  std::string content;
  size_t length = 0;
  // All of it passes by, as it does for whoever reads an object to its end; what is too long is not
  // kept.
  const auto info = s3_->get_to(operation.bucket, operation.key, [&](std::string_view piece) {
    length += piece.size();
    if (length <= kMaxContent) content += piece;
    return true;
  });
  json result = {{"success", true},
                 {"bucket", operation.bucket},
                 {"key", operation.key},
                 {"content_length", length},
                 {"last_modified", nullptr}};
  if (info.last_modified) {
    std::string timestamp;
    kiln::sdk::append_timestamp(timestamp, std::chrono::duration_cast<std::chrono::milliseconds>(
                                               info.last_modified->time_since_epoch())
                                               .count());
    result["last_modified"] = timestamp;
  }
  if (length > kMaxContent) {
    result["content_omitted"] = "longer than " + std::to_string(kMaxContent) + " bytes";
  } else if (!is_utf8(content)) {
    result["content_omitted"] = "not UTF-8 text";
  } else {
    result["content"] = std::move(content);
  }
  return result;
}

json FileOperations::put(const FileOperation& operation) {
  required(operation.table, "table");
  const Item item = item_of(operation.item_json, "item");
  dynamodb_->put(operation.table, item);
  const auto id = item.find("id");
  return {{"success", true},
          {"table", operation.table},
          {"item_id", id == item.end() ? json("unknown") : id->second.to_json()}};
}

json FileOperations::get(const FileOperation& operation) {
  required(operation.table, "table");
  const Item key = item_of(operation.key_json, "key");
  const auto item = dynamodb_->get(operation.table, key);
  return {{"success", true},
          {"table", operation.table},
          {"item_found", item.has_value()},
          {"item", item ? to_json(*item) : json()}};
}

}  // namespace optimized_imports
