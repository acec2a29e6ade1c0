#include "wire/event_stream.h"

#include <cstdint>

#include "wire/checksum.h"

namespace kiln::wire {
namespace {

void add_number(std::string& out, uint32_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>((number >> shift) & 0xff);
}

void add_header(std::string& out, std::string_view name, std::string_view value) {
  constexpr char kText = 7;
  add_number(out, static_cast<uint32_t>(name.size()), 1);
  out += name;
  out += kText;
  add_number(out, static_cast<uint32_t>(value.size()), 2);
  out += value;
}

void add_crc(std::string& out) {
  Checksum sum(ChecksumAlgorithm::kCrc32);
  sum.add(out);
  out += sum.bytes();
}

}  // namespace

std::string event_stream_message(std::string_view event_type, std::string_view content_type,
                                 std::string_view payload) {
  std::string headers;
  add_header(headers, ":event-type", event_type);
  add_header(headers, ":content-type", content_type);
  add_header(headers, ":message-type", "event");
  constexpr size_t kAround = 16;  // two lengths and two checksums
  const size_t total = kAround + headers.size() + payload.size();
  std::string out;
  out.reserve(total);
  add_number(out, static_cast<uint32_t>(total), 4);
  add_number(out, static_cast<uint32_t>(headers.size()), 4);
  add_crc(out);
  out += headers;
  out += payload;
  add_crc(out);
  return out;
}

}  // namespace kiln::wire
