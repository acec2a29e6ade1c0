// Packed bodies: never more bytes than allowed come out.
#include <cstdint>

#include "base/check.h"
#include "wire/gzip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln;
  constexpr size_t kMost = 64 * 1024;
  const auto unpacked =
      wire::gunzip(std::string_view(reinterpret_cast<const char*>(data), size), kMost);
  if (unpacked) KILN_CHECK(unpacked->size() <= kMost);
  return 0;
}
