#include "base/json.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace kiln {
namespace {

const Json kNull;
const std::string kNoText;
const std::vector<Json> kNoElements;
const std::vector<Json::Member> kNoMembers;

// 2^63 and 2^64, the first doubles that int64_t and uint64_t don't have.
constexpr double kPastSigned = 9223372036854775808.0;
constexpr double kPastUnsigned = 18446744073709551616.0;

bool equals_double(const Json& whole, double value) {
  if (std::trunc(value) != value) return false;
  if (whole.kind() == Json::Kind::kUnsigned)
    return value >= kPastSigned && value < kPastUnsigned &&
           whole.integer<uint64_t>() == static_cast<uint64_t>(value);
  return value >= -kPastSigned && value < kPastSigned &&
         whole.integer() == static_cast<int64_t>(value);
}

// A polynomial of the name's bytes modulo 2^61 - 1 at a place that is another one in each process:
// whoever chooses the names can't choose collisions.
uint64_t hash_of(std::string_view name) {
  constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;
  static const uint64_t place = [] {
    std::random_device random;
    return ((uint64_t{random()} << 32 | random()) % (kPrime - 1000)) + 500;
  }();
  uint64_t hash = name.size();
  constexpr size_t kStep = 7;
  for (size_t i = 0; i < name.size(); i += kStep) {
    uint64_t chunk = 0;
    for (const char c : name.substr(i, kStep)) chunk = chunk << 8 | static_cast<unsigned char>(c);
    __extension__ using Wide = unsigned __int128;
    hash = static_cast<uint64_t>(static_cast<Wide>(hash + chunk) * place % kPrime);
  }
  return hash;
}

}  // namespace

// Members in order; from kIndexedFrom on with an index, an open hash table of their positions.
class Json::Object {
 public:
  std::vector<Member> members;

  // members.size() when there is none.
  size_t find(std::string_view name) const {
    if (!slots_.empty()) {
      for (size_t slot = hash_of(name);; ++slot) {
        const uint32_t taken = slots_[slot & (slots_.size() - 1)];
        if (taken == 0) return members.size();
        if (members[taken - 1].name == name) return taken - 1;
      }
    }
    size_t at = 0;
    while (at < members.size() && members[at].name != name) ++at;
    return at;
  }

  Json& get(std::string_view name) {
    const size_t at = find(name);
    return at < members.size() ? members[at].value : add(std::string(name), Json());
  }

  // REQUIRES: there is none of this name.
  Json& add(std::string name, Json value) {
    members.push_back({std::move(name), std::move(value)});
    if (members.size() < kIndexedFrom) return members.back().value;
    if (slots_.size() < 2 * members.size())
      index();
    else
      enter(members.size() - 1);
    return members.back().value;
  }

  bool erase(std::string_view name) {
    const size_t at = find(name);
    if (at == members.size()) return false;
    members.erase(members.begin() + static_cast<std::ptrdiff_t>(at));
    slots_.clear();
    if (members.size() >= kIndexedFrom) index();
    return true;
  }

 private:
  static constexpr size_t kIndexedFrom = 16;

  void index() {
    size_t size = 4 * kIndexedFrom;
    while (size < 4 * members.size()) size *= 2;
    slots_.assign(size, 0);
    for (size_t i = 0; i < members.size(); ++i) enter(i);
  }

  void enter(size_t at) {
    size_t slot = hash_of(members[at].name);
    while (slots_[slot & (slots_.size() - 1)] != 0) ++slot;
    slots_[slot & (slots_.size() - 1)] = static_cast<uint32_t>(at + 1);
  }

  std::vector<uint32_t> slots_;  // position + 1; 0 is free; the size is a power of two
};

bool Json::Init::is_pair() const {
  return !borrowed_ && owned_.size() == 2 && owned_.elements().size() == 2 && owned_[0].is_text();
}

Json Json::array(std::initializer_list<Init> items) {
  Json out;
  out.become(Kind::kArray);
  out.value_.array->reserve(items.size());
  for (const Init& item : items) out.value_.array->push_back(item.take());
  return out;
}

Json Json::object(std::initializer_list<Init> members) {
  Json out;
  out.become(Kind::kObject);
  out.value_.object->members.reserve(members.size());
  for (const Init& member : members) {
    KILN_REQUIRE(member.is_pair());
    Json pair = member.take();
    out[std::string_view(pair[0].text())] = std::move(pair[1]);
  }
  return out;
}

Json::Json(std::string_view text) : Json(std::string(text)) {}

Json::Json(std::string text) : kind_(Kind::kText) {
  value_.text = new std::string(std::move(text));
}

Json::Json(std::vector<Json> items) : kind_(Kind::kArray) {
  value_.array = new std::vector<Json>(std::move(items));
}

Json::Json(std::initializer_list<Init> items)
    : Json(std::all_of(items.begin(), items.end(), [](const Init& item) { return item.is_pair(); })
               ? object(items)
               : array(items)) {}

void Json::copy(const Json& other) {
  if (kind_ == Kind::kText)
    value_.text = new std::string(*other.value_.text);
  else if (kind_ == Kind::kArray)
    value_.array = new std::vector<Json>(*other.value_.array);
  else
    value_.object = new Object(*other.value_.object);
}

void Json::destroy() {
  if (kind_ == Kind::kText)
    delete value_.text;
  else if (kind_ == Kind::kArray)
    delete value_.array;
  else
    delete value_.object;
}

void Json::become(Kind kind) {
  if (kind_ == kind) return;
  Json made;
  if (kind == Kind::kArray)
    made.value_.array = new std::vector<Json>();
  else
    made.value_.object = new Object();
  made.kind_ = kind;
  *this = std::move(made);
}

const char* Json::kind_name() const {
  switch (kind_) {
    case Kind::kNull:
      return "null";
    case Kind::kBoolean:
      return "boolean";
    case Kind::kInteger:
    case Kind::kUnsigned:
    case Kind::kDouble:
      return "number";
    case Kind::kText:
      return "string";
    case Kind::kArray:
      return "array";
    case Kind::kObject:
      return "object";
  }
  return "";
}

const std::string& Json::text() const { return is_text() ? *value_.text : kNoText; }

std::optional<bool> Json::boolean() const {
  return is_boolean() ? std::optional(value_.boolean) : std::nullopt;
}

std::optional<double> Json::number() const {
  if (kind_ == Kind::kInteger) return static_cast<double>(value_.integer);
  if (kind_ == Kind::kUnsigned) return static_cast<double>(value_.large);
  return kind_ == Kind::kDouble ? std::optional(value_.real) : std::nullopt;
}

std::optional<int64_t> Json::whole() const {
  if (kind_ == Kind::kInteger) return value_.integer;
  if (kind_ != Kind::kDouble || std::trunc(value_.real) != value_.real ||
      !(value_.real >= -kPastSigned && value_.real < kPastSigned))
    return std::nullopt;
  return static_cast<int64_t>(value_.real);
}

const std::vector<Json>& Json::elements() const& {
  return is_array() ? *value_.array : kNoElements;
}

Json* Json::begin() { return is_array() ? value_.array->data() : nullptr; }

const std::vector<Json::Member>& Json::members() const& {
  return is_object() ? value_.object->members : kNoMembers;
}

size_t Json::size() const { return is_array() ? value_.array->size() : members().size(); }

const Json& Json::element(size_t index) const {
  return index < elements().size() ? elements()[index] : kNull;
}

Json& Json::element(size_t index) {
  become(Kind::kArray);
  if (index >= value_.array->size()) value_.array->resize(index + 1);
  return (*value_.array)[index];
}

const Json* Json::find(std::string_view name) const {
  if (!is_object()) return nullptr;
  const size_t at = value_.object->find(name);
  return at < value_.object->members.size() ? &value_.object->members[at].value : nullptr;
}

Json* Json::find(std::string_view name) {
  return const_cast<Json*>(static_cast<const Json*>(this)->find(name));
}

const Json& Json::at(std::string_view name) const {
  const Json* found = find(name);
  return found ? *found : kNull;
}

std::string Json::text_or(std::string_view name, std::string_view otherwise) const {
  const Json& member = at(name);
  return member.is_text() ? *member.value_.text : std::string(otherwise);
}

double Json::number_or(std::string_view name, double otherwise) const {
  return at(name).number().value_or(otherwise);
}

bool Json::boolean_or(std::string_view name, bool otherwise) const {
  return at(name).boolean().value_or(otherwise);
}

Json& Json::operator[](std::string_view name) {
  become(Kind::kObject);
  return value_.object->get(name);
}

Json& Json::push_back(Json item) {
  become(Kind::kArray);
  return value_.array->emplace_back(std::move(item));
}

void Json::update(const Json& other) {
  if (&other == this) return;
  become(Kind::kObject);
  for (const auto& [name, value] : other.members()) value_.object->get(name) = value;
}

bool Json::erase(std::string_view name) { return is_object() && value_.object->erase(name); }

bool Json::erase(size_t index) {
  if (index >= elements().size()) return false;
  value_.array->erase(value_.array->begin() + static_cast<std::ptrdiff_t>(index));
  return true;
}

bool Json::equals(const Json& a, const Json& b) {
  if (a.kind_ != b.kind_) {
    if (a.kind_ == Kind::kDouble && b.is_integer()) return equals_double(b, a.value_.real);
    return b.kind_ == Kind::kDouble && a.is_integer() && equals_double(a, b.value_.real);
  }
  switch (a.kind_) {
    case Kind::kNull:
      return true;
    case Kind::kBoolean:
      return a.value_.boolean == b.value_.boolean;
    case Kind::kInteger:
      return a.value_.integer == b.value_.integer;
    case Kind::kUnsigned:
      return a.value_.large == b.value_.large;
    case Kind::kDouble:
      return a.value_.real == b.value_.real;
    case Kind::kText:
      return *a.value_.text == *b.value_.text;
    case Kind::kArray:
      return *a.value_.array == *b.value_.array;
    case Kind::kObject:
      return a.size() == b.size() &&
             std::all_of(a.members().begin(), a.members().end(), [&](const Member& member) {
               const Json* other = b.find(member.name);
               return other && equals(member.value, *other);
             });
  }
  return false;
}

}  // namespace kiln
