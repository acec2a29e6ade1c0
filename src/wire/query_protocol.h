// The query protocol: a form with Action, Version and parameters in, XML out.
//
//   auto request = QueryRequest::parse("Action=GetCallerIdentity&Version=2011-06-15");
//   XmlAnswer answer("GetCallerIdentity", "https://sts.amazonaws.com/doc/2011-06-15/");
//   answer.add("Account", "000000000000");
//   reply(answer.finish(request_id));
//
// Values only; not thread-safe per object.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_message.h"
#include "wire/uri.h"

namespace kiln::wire {

class QueryRequest {
 public:
  // nullopt: the form has no Action.
  static std::optional<QueryRequest> parse(std::string_view form);

  const std::string& action() const { return action_; }
  const std::string& version() const { return version_; }
  std::optional<std::string_view> find(std::string_view name) const { return params_.find(name); }
  // "" when absent.
  std::string_view get(std::string_view name) const { return params_.get(name); }
  // The parameters but Action and Version as a document: "A.B" is a member of a member,
  // "A.member.N", "A.entry.N" and "A.N" are elements of a list, in the order of their numbers. All
  // values are texts.
  nlohmann::json document() const;

 private:
  std::string action_;
  std::string version_;
  QueryParams params_;
};

// <ActionResponse xmlns="…"><ActionResult>…</ActionResult><ResponseMetadata><RequestId>…
// Operations that answer with nothing have no ActionResult.
class XmlAnswer {
 public:
  XmlAnswer(const std::string& action, const std::string& xml_namespace);
  ~XmlAnswer();

  // A text element in the result.
  XmlAnswer& add(const std::string& name, const std::string& text);
  // The members of a document: lists as <member> elements (<entry> where `style` says so), times,
  // which a document has as epoch seconds, as ISO 8601, maps (of names that are data) as
  // <entry><key/><value/></entry>.
  struct Style {
    std::function<bool(std::string_view member)> is_time;
    std::function<bool(std::string_view member)> is_entry_list;
    std::function<bool(std::string_view member)> is_map = {};
  };
  XmlAnswer& add(const nlohmann::json& document, const Style& style);
  net::Response finish(const std::string& request_id);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// <ErrorResponse><Error><Type>Sender</Type><Code>…</Code><Message>…</Message></Error><RequestId>…
net::Response query_error(const Error& error, const std::string& request_id,
                          const std::string& xml_namespace = "");
// <Error><Code>…</Code><Message>…</Message><RequestId>…, as S3 has it.
net::Response rest_xml_error(unsigned status, const Error& error, const std::string& request_id);

}  // namespace kiln::wire
