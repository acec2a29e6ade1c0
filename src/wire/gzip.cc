#include "wire/gzip.h"

#include <zlib.h>

namespace kiln::wire {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr size_t kStep = 64 * 1024;

struct Inflater {
  z_stream stream{};
  bool open = false;
  ~Inflater() {
    if (open) inflateEnd(&stream);
  }
};

}  // namespace

Result<std::string> gunzip(std::string_view packed, size_t most) {
  const Error damaged{ErrorKind::kInvalid, "SerializationException",
                      "The request body says Content-Encoding: gzip and is not whole gzip data."};
  Inflater inflater;
  z_stream& stream = inflater.stream;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return damaged;
  inflater.open = true;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  for (;;) {
    const size_t have = out.size();
    if (have > most)
      return Error{ErrorKind::kTooLarge, "RequestEntityTooLargeException",
                   "The request body is more than " + std::to_string(most) +
                       " bytes when unpacked; send less at a time."};
    out.resize(have + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + have);
    stream.avail_out = kStep;
    const int code = inflate(&stream, Z_NO_FLUSH);
    out.resize(have + kStep - stream.avail_out);
    if (code == Z_STREAM_END) break;
    if (code != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) return damaged;
  }
  if (out.size() > most)
    return Error{ErrorKind::kTooLarge, "RequestEntityTooLargeException",
                 "The request body is more than " + std::to_string(most) +
                     " bytes when unpacked; send less at a time."};
  if (stream.avail_in != 0) return damaged;
  return out;
}

}  // namespace kiln::wire
