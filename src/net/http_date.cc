#include "net/http_date.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"
#include "net/http_message.h"
#include "net/io_loop.h"

namespace kiln::net {
namespace {

constexpr size_t kDateLength = 29;

// Of one second. Trivial: a thread needs nothing to have one, and leaves nothing behind.
struct KeptDate {
  const IoLoop* loop;  // whose clocks it was read from
  SteadyTime from, until;
  std::array<char, kDateLength> text;
};

void put_digits(char* at, unsigned value, size_t digits) {
  for (; digits > 0; value /= 10) at[--digits] = static_cast<char>('0' + value % 10);
}

void write_date(WallTime time, std::array<char, kDateLength>& text) {
  using std::chrono::days;
  using std::chrono::floor;
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<std::chrono::seconds>(time - day));
  constexpr std::string_view kDateDays = "SunMonTueWedThuFriSat";
  constexpr std::string_view kDateMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr std::string_view kForm = "Sun, 01 Jan 1970 00:00:00 GMT";
  kForm.copy(text.data(), kDateLength);
  kDateDays.substr(std::chrono::weekday(day).c_encoding() * size_t{3}, 3).copy(text.data(), 3);
  put_digits(&text[5], static_cast<unsigned>(date.day()), 2);
  kDateMonths.substr((static_cast<unsigned>(date.month()) - 1) * size_t{3}, 3).copy(&text[8], 3);
  put_digits(&text[12], static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_digits(&text[17], static_cast<unsigned>(clock.hours().count()), 2);
  put_digits(&text[20], static_cast<unsigned>(clock.minutes().count()), 2);
  put_digits(&text[23], static_cast<unsigned>(clock.seconds().count()), 2);
}

// As of this turn of the loop.
std::string_view http_date(const IoLoop& loop) {
  static thread_local constinit KeptDate kept{};
  const SteadyTime now = loop.now();
  if (kept.loop != &loop || now >= kept.until || now < kept.from) {
    const WallTime time = loop.clock().wall_now();
    write_date(time, kept.text);
    kept.loop = &loop;
    kept.from = now;
    kept.until =
        now + std::chrono::seconds(1) - (time - std::chrono::floor<std::chrono::seconds>(time));
  }
  return {kept.text.data(), kept.text.size()};
}

}  // namespace

void add_date(std::string& head, const Response& response, const IoLoop& loop) {
  for (const auto& [name, value] : response.headers)
    if (same_name(name, "Date")) return;
  constexpr std::string_view kEnd = "\r\n";
  KILN_REQUIRE(head.ends_with(kEnd));
  head.resize(head.size() - kEnd.size());  // of the empty line
  head += "Date: ";
  head += http_date(loop);
  head += "\r\n\r\n";
}

}  // namespace kiln::net
