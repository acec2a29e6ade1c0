#include "wire/cbor_protocol.h"

#include <cbor.h>

#include <bit>
#include <limits>
#include <memory>

#include "base/json_access.h"
#include "base/json_text.h"
#include "wire/fault_code.h"
#include "wire/rest_json_error.h"

namespace kiln::wire {
namespace {

using nlohmann::json;

constexpr size_t kMaxCborDepth = 64;

constexpr uint8_t kTagEpoch = 0xc1;

// A major type, in the upper three bits; whole heads of values and lists.
constexpr uint8_t kMap = 0xa0;
constexpr char kDouble = '\xfb', kEndlessArray = '\x9f', kBreak = '\xff';

void write_head(std::string& out, uint8_t major, uint64_t n) {
  const auto put = [&](int bytes, uint8_t info) {
    out += static_cast<char>(major | info);
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(n >> (8 * i) & 0xff);
  };
  if (n < 24)
    out += static_cast<char>(major | n);
  else if (n <= 0xff)
    put(1, 24);
  else if (n <= 0xffff)
    put(2, 25);
  else if (n <= 0xffffffff)
    put(4, 26);
  else
    put(8, 27);
}

// Seconds since 1970, always as a double: nlohmann writes the shortest float that is exact.
void write_time(std::string& out, double seconds) {
  out += static_cast<char>(kTagEpoch);
  out += kDouble;
  const auto bits = std::bit_cast<uint64_t>(seconds);
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> shift & 0xff);
}

// nlohmann writes the leaves; it has no way to write tags.
void write(std::string& out, const json& value, bool is_time_value,
           const std::function<bool(std::string_view)>& is_time) {
  if (value.is_object()) {
    write_head(out, kMap, value.size());
    for (const auto& [name, member] : value.items()) {
      write(out, json(name), false, is_time);
      write(out, member, is_time(name), is_time);
    }
  } else if (value.is_array()) {
    out += kEndlessArray;  // as AWS writes lists
    for (const json& item : value) write(out, item, is_time_value, is_time);
    out += kBreak;
  } else {
    if (is_time_value && value.is_number()) return write_time(out, json_number(value));
    json::to_cbor(value, nlohmann::detail::output_adapter<char>(out));
  }
}

struct Release {
  void operator()(cbor_item_t* item) const { cbor_decref(&item); }
};

// false: something that JSON has no value for, or nested too deeply.
bool to_json(const cbor_item_t* item, size_t depth, json& out) {
  if (depth > kMaxCborDepth) return false;
  switch (cbor_typeof(item)) {
    case CBOR_TYPE_UINT:
      out = cbor_get_int(item);
      return true;
    case CBOR_TYPE_NEGINT: {
      const uint64_t n = cbor_get_int(item);
      if (n > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return false;
      out = -1 - static_cast<int64_t>(n);
      return true;
    }
    case CBOR_TYPE_STRING:
      if (cbor_string_is_indefinite(item)) {
        std::string text;
        for (size_t i = 0; i < cbor_string_chunk_count(item); ++i) {
          const cbor_item_t* chunk = cbor_string_chunks_handle(item)[i];
          text.append(reinterpret_cast<const char*>(cbor_string_handle(chunk)),
                      cbor_string_length(chunk));
        }
        if (!is_utf8(text)) return false;
        out = std::move(text);
      } else {
        std::string text(reinterpret_cast<const char*>(cbor_string_handle(item)),
                         cbor_string_length(item));
        if (!is_utf8(text)) return false;
        out = std::move(text);
      }
      return true;
    case CBOR_TYPE_ARRAY:
      out = json::array();
      for (size_t i = 0; i < cbor_array_size(item); ++i) {
        out.push_back(nullptr);
        if (!to_json(cbor_array_handle(item)[i], depth + 1, out.back())) return false;
      }
      return true;
    case CBOR_TYPE_MAP:
      out = json::object();
      for (size_t i = 0; i < cbor_map_size(item); ++i) {
        const cbor_pair& pair = cbor_map_handle(item)[i];
        json key;
        if (!to_json(pair.key, depth + 1, key) || !key.is_string()) return false;
        if (!to_json(pair.value, depth + 1, out[json_text(key)])) return false;
      }
      return true;
    case CBOR_TYPE_TAG: {
      const std::unique_ptr<cbor_item_t, Release> tagged(cbor_tag_item(item));
      return to_json(tagged.get(), depth + 1, out);
    }
    case CBOR_TYPE_FLOAT_CTRL:
      if (!cbor_float_ctrl_is_ctrl(item))
        out = cbor_float_get_float(item);
      else if (cbor_is_bool(item))
        out = cbor_get_bool(item);
      else
        out = nullptr;  // null and undefined
      return true;
    case CBOR_TYPE_BYTESTRING:
      break;
  }
  return false;
}

// libcbor makes room for as many elements as a list or map says it has, before it looks for them.
// Each element takes a byte at least: who announces more than the body has bytes is refused first.
bool sizes_are_possible(std::string_view body) {
  struct Scan {
    uint64_t left;
    bool possible = true;
    void announce(uint64_t elements) {
      possible = possible && elements <= left;
      if (possible) left -= elements;
    }
  } scan{body.size()};
  cbor_callbacks callbacks = cbor_empty_callbacks;
  callbacks.array_start = [](void* context, uint64_t size) {
    static_cast<Scan*>(context)->announce(size);
  };
  callbacks.map_start = [](void* context, uint64_t size) {
    const auto most = std::numeric_limits<uint64_t>::max() / 2;
    static_cast<Scan*>(context)->announce(size > most ? most : size * 2);
  };
  const auto* at = reinterpret_cast<const unsigned char*>(body.data());
  for (size_t rest = body.size(); rest > 0 && scan.possible;) {
    const cbor_decoder_result step = cbor_stream_decode(at, rest, &callbacks, &scan);
    if (step.status != CBOR_DECODER_FINISHED) break;  // cbor_load says what is wrong
    at += step.read;
    rest -= step.read;
  }
  return scan.possible;
}

}  // namespace

Result<json> parse_cbor_body(std::string_view body) {
  const auto refuse = [](const std::string& why) {
    return Error{ErrorKind::kInvalid, "SerializationException",
                 "The request body is not a CBOR map: " + why};
  };
  if (body.empty()) return json::object();
  if (!sizes_are_possible(body)) return refuse("a list or map says it is larger than the body");
  cbor_load_result result{};
  const std::unique_ptr<cbor_item_t, Release> item(
      cbor_load(reinterpret_cast<const unsigned char*>(body.data()), body.size(), &result));
  if (!item)
    return refuse("it ends early, or has bytes that mean nothing at offset " +
                  std::to_string(result.error.position));
  if (result.read != body.size()) return refuse("bytes follow it");
  json document;
  if (!to_json(item.get(), 0, document))
    return refuse("it is nested too deeply, or has values that no request has: texts are UTF-8");
  if (!document.is_object()) return refuse(std::string("it is of type ") + document.type_name());
  return document;
}

std::string to_cbor_text(const json& document,
                         const std::function<bool(std::string_view)>& is_time) {
  std::string out;
  write(out, document, false, is_time);
  return out;
}

net::Response cbor_answer(const json& document, const std::string& request_id,
                          const std::function<bool(std::string_view)>& is_time) {
  net::Response response;
  response.content_type = "application/cbor";
  response.headers = {{"smithy-protocol", "rpc-v2-cbor"}, {"x-amzn-RequestId", request_id}};
  response.body = to_cbor_text(document, is_time);
  return response;
}

net::Response cbor_error(const Error& error, const std::string& request_id) {
  const std::string type = fault_code(error, "InternalFailure");
  json body = {{"__type", type}};
  if (!error.message.empty()) body["message"] = error.message;
  net::Response response = cbor_answer(body, request_id, [](std::string_view) { return false; });
  const unsigned status = http_status(error.kind);
  response.status = status >= 500 || status == 413 ? status : 400;
  return response;
}

}  // namespace kiln::wire
