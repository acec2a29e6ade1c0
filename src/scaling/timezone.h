// A time zone of the IANA data base, read from the files that the system has of it. Pure but for
// find(), which reads a file; values, cheap to copy.
//
//   auto zone = TimeZone::find("Europe/Berlin");
//   zone->to_utc(local_s)      // nullopt where the clock was put forward over it
//
// "Local seconds" are counted as if the local clock were UTC.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kiln::scaling {

class TimeZone {
 public:
  TimeZone();  // UTC

  // Error ValidationException: there is no such zone.
  static Result<TimeZone> find(const std::string& name);
  // The content of a zone's file (TZif, version 2 or later); nullopt when it is none.
  static std::optional<TimeZone> parse(std::string_view file);

  // What local clocks are ahead of UTC, in seconds.
  int64_t offset_s(int64_t utc_s) const;
  // The first moment at which local clocks show this; nullopt when they never do.
  std::optional<int64_t> to_utc(int64_t local_s) const;
  // The same, but a time that clocks pass over is what it would have been without the change.
  int64_t to_utc_or_later(int64_t local_s) const;

 private:
  struct Data;
  explicit TimeZone(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

  std::shared_ptr<const Data> data_;
};

}  // namespace kiln::scaling
