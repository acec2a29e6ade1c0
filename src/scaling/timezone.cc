#include "scaling/timezone.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "scaling/posix_zone.h"

namespace kiln::scaling {

struct TimeZone::Data {
  std::vector<int64_t> changes;  // ascending, UTC
  std::vector<int64_t> offsets;  // one more: before the first change, then after each
  std::optional<PosixZone> rule;
};

namespace {

constexpr const char* kFolder = "/usr/share/zoneinfo/";
constexpr size_t kMaxFile = 1 << 20;

// Big-endian numbers from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool ok() const { return ok_; }
  std::string_view take(size_t size) {
    if (size > text_.size()) {
      ok_ = false;
      size = text_.size();
    }
    const std::string_view taken = text_.substr(0, size);
    text_.remove_prefix(size);
    return taken;
  }
  uint64_t number(size_t bytes) {
    uint64_t value = 0;
    for (const char c : take(bytes)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
  bool ok_ = true;
};

struct Header {
  char version = 0;
  size_t is_utc = 0, is_standard = 0, leaps = 0, changes = 0, types = 0, characters = 0;
  size_t body(size_t time_size) const {
    return changes * (time_size + 1) + types * 6 + characters + leaps * (time_size + 4) +
           is_standard + is_utc;
  }
};

std::optional<Header> read_header(Reader& in) {
  Header header;
  if (in.take(4) != "TZif") return std::nullopt;
  header.version = static_cast<char>(in.number(1));
  in.take(15);
  for (size_t* count : {&header.is_utc, &header.is_standard, &header.leaps, &header.changes,
                        &header.types, &header.characters}) {
    *count = static_cast<size_t>(in.number(4));
    if (*count > kMaxFile) return std::nullopt;
  }
  if (!in.ok() || header.body(1) > in.rest().size()) return std::nullopt;
  return header;
}

bool is_zone_name(const std::string& name) {
  // The names of the data base start with a capital letter; other files of the folder don't.
  if (name.empty() || name.size() > 100 || name[0] < 'A' || name[0] > 'Z') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return ascii::is_alnum(c) || c == '_' || c == '-' || c == '+' || c == '/';
  });
}

}  // namespace

TimeZone::TimeZone() {
  static const auto kUtc = std::make_shared<const Data>(Data{{}, {0}, std::nullopt});
  data_ = kUtc;
}

Result<TimeZone> TimeZone::find(const std::string& name) {
  if (name.empty() || name == "UTC" || name == "Etc/UTC") return TimeZone();
  if (is_zone_name(name)) {
    const std::filesystem::path path = kFolder + name;
    std::error_code ignored;
    std::string content;
    if (std::filesystem::is_regular_file(path, ignored)) {
      std::ifstream file(path, std::ios::binary);
      content.assign(std::istreambuf_iterator<char>(file), {});
    }
    if (auto zone = parse(content)) return std::move(*zone);
  }
  return Error{ErrorKind::kInvalid, "ValidationException",
               "There is no time zone '" + name +
                   "'. Give a name of the IANA time zone database, such as Europe/Berlin."};
}

std::optional<TimeZone> TimeZone::parse(std::string_view file) {
  if (file.size() > kMaxFile) return std::nullopt;
  Reader in(file);
  const auto old = read_header(in);
  if (!old || old->version < '2') return std::nullopt;
  in.take(old->body(4));
  const auto header = read_header(in);
  if (!header || header->types == 0 || header->types > 256) return std::nullopt;
  auto data = std::make_shared<Data>();
  for (size_t i = 0; i < header->changes; ++i)
    data->changes.push_back(static_cast<int64_t>(in.number(8)));
  const std::string_view kinds = in.take(header->changes);
  std::vector<int64_t> types;
  for (size_t i = 0; i < header->types; ++i) {
    types.push_back(static_cast<int32_t>(in.number(4)));
    in.take(2);
  }
  in.take(header->characters + header->leaps * 12 + header->is_standard + header->is_utc);
  if (!in.ok() || !std::is_sorted(data->changes.begin(), data->changes.end())) return std::nullopt;
  data->offsets.push_back(types[0]);
  for (const char kind : kinds) {
    const auto type = static_cast<unsigned char>(kind);
    if (type >= types.size()) return std::nullopt;
    data->offsets.push_back(types[type]);
  }
  if (std::any_of(types.begin(), types.end(),
                  [](int64_t offset) { return offset < -kDayS || offset > kDayS; }))
    return std::nullopt;
  std::string_view rule = in.rest();
  if (rule.size() < 2 || rule.front() != '\n') return std::nullopt;
  rule = rule.substr(1, rule.find('\n', 1) - 1);
  if (!rule.empty()) {
    data->rule = PosixZone::parse(rule);
    if (!data->rule) return std::nullopt;
  }
  return TimeZone(std::move(data));
}

int64_t TimeZone::offset_s(int64_t utc_s) const {
  const auto& changes = data_->changes;
  const auto next = std::upper_bound(changes.begin(), changes.end(), utc_s);
  if (next == changes.end() && data_->rule) return data_->rule->offset_s(utc_s);
  return data_->offsets[static_cast<size_t>(next - changes.begin())];
}

std::optional<int64_t> TimeZone::to_utc(int64_t local_s) const {
  // Offsets are within a day, and no two changes are in two days.
  std::optional<int64_t> first;
  for (const int64_t near : {local_s - kDayS, local_s + kDayS}) {
    const int64_t offset = offset_s(near);
    const int64_t utc = local_s - offset;
    if (offset_s(utc) == offset && (!first || utc < *first)) first = utc;
  }
  return first;
}

int64_t TimeZone::to_utc_or_later(int64_t local_s) const {
  if (const auto utc = to_utc(local_s)) return *utc;
  return local_s - offset_s(local_s - kDayS);
}

}  // namespace kiln::scaling
