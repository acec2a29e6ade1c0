// The members of a scenario's JSON, read with their types and places: what is wrong is named, and
// so is what nobody asked for.
//
//   Member root(document, "scenario.json");
//   const Member function = root.at("functions").item(0);
//   function.number("memory", 128, 10240)
//
// The first error stays, for all members of one document. Not thread-safe; borrows the document.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace kiln::cli {

class Member {
 public:
  Member(const Json& value, std::string file)
      : value_(value), file_(std::move(file)), error_(std::make_shared<std::optional<Error>>()) {}

  const Json& value() const { return value_; }
  bool is_there() const { return !value_.is_null(); }
  Member at(const std::string& name) const;
  Member item(size_t index) const;

  std::optional<double> number(const std::string& name, double least, double most) const;
  std::optional<int> whole(const std::string& name, int least, int most) const;
  std::optional<std::string> text(const std::string& name) const;
  std::optional<bool> boolean(const std::string& name) const;
  // A number from 0 to 1, or "1%".
  std::optional<double> share(const std::string& name) const;
  // "90s"; a number is seconds. In ns.
  std::optional<int64_t> duration(const std::string& name) const;

  // Of the value itself: an object with no members but these, or an error.
  void only(const std::set<std::string>& names) const;
  bool failed() const { return error_->has_value(); }
  void fail(const std::string& why) const;
  // Errors of others, with this place before them.
  template <class T>
  std::optional<T> take(Result<T>&& result) const {
    if (result) return *std::move(result);
    fail(result.error().message);
    return std::nullopt;
  }
  Result<void> result() const;

 private:
  Member(const Json& value, std::string file, std::string place,
         std::shared_ptr<std::optional<Error>> error)
      : value_(value), file_(std::move(file)), place_(std::move(place)), error_(std::move(error)) {}

  const Json& value_;
  std::string file_, place_;
  std::shared_ptr<std::optional<Error>> error_;
};

}  // namespace kiln::cli
