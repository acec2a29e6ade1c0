// Domain of an API: its name, its mappings, and its records in Route 53.
#include <algorithm>
#include <cctype>
#include <cstring>

#include "base/ascii.h"
#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

class DomainExpander {
 public:
  DomainExpander(SamTemplate& all, const SamResource& api, const ApiDomain& given, Made& made)
      : all_(all), api_(api), http_(given.http), domain_(given.domain), made_(made) {}

  void expand() {
    const Node* name = domain_.find("DomainName");
    const Node* certificate = domain_.find("CertificateArn");
    if (!name || !certificate)
      return wrong("Custom Domains only works if both DomainName and CertificateArn are provided.");
    const Node* endpoint = domain_.find("EndpointConfiguration");
    endpoint_ = endpoint ? endpoint->text : "REGIONAL";
    if (endpoint_ != "REGIONAL" && (http_ || (endpoint_ != "EDGE" && endpoint_ != "PRIVATE")))
      return wrong("EndpointConfiguration for Custom Domains must be one of " +
                   std::string(http_ ? "['REGIONAL']." : "['EDGE', 'REGIONAL', 'PRIVATE']."));
    const bool isolated = endpoint_ == "PRIVATE";
    id_ = (http_ || isolated ? "ApiGatewayDomainNameV2" : "ApiGatewayDomainName") +
          sam::id_hash(id_text(*name));
    all_.names[api_.id + (isolated ? ".DomainNameV2" : ".DomainName")] = id_;
    add_domain(*name, *certificate);
    add_mappings();
    if (const Node* association = domain_.find("AccessAssociation"); association && isolated)
      associate(*association);
    if (const Node* route53 = domain_.find("Route53")) add_records(*name, *route53);
  }

 private:
  void wrong(const std::string& message) { sam_problem(all_, api_, domain_.place, message); }
  static std::string id_text(const Node& node) {
    return node.is_text() ? node.text : sam::compact_text(node);
  }

  void add_domain(const Node& name, const Node& certificate) {
    Node properties = sam::map({{"DomainName", name}});
    if (http_) {
      Node configuration = sam::map({{"CertificateArn", certificate}, {"EndpointType", endpoint_}});
      sam::copy(domain_, {"OwnershipVerificationCertificateArn", "SecurityPolicy"}, configuration);
      sam::put(properties, "DomainNameConfigurations", sam::list({std::move(configuration)}));
    } else {
      sam::put(properties, endpoint_ == "REGIONAL" ? "RegionalCertificateArn" : "CertificateArn",
               certificate);
      Node configuration = sam::map({{"Types", sam::list({sam::text(endpoint_)})}});
      sam::copy(domain_, {"IpAddressType"}, configuration);
      sam::put(properties, "EndpointConfiguration", std::move(configuration));
      sam::copy(domain_,
                {"SecurityPolicy", "EndpointAccessMode", "OwnershipVerificationCertificateArn"},
                properties);
      if (endpoint_ == "PRIVATE") sam::copy(domain_, {"Policy"}, properties);
    }
    if (const Node* mutual = domain_.find("MutualTlsAuthentication");
        sam::truthy(mutual) && endpoint_ != "PRIVATE") {
      Node written = sam::map();
      for (const char* part : {"TruststoreUri", "TruststoreVersion"})
        if (const Node* value = mutual->find(part); sam::truthy(value))
          sam::put(written, part, *value);
      sam::put(properties, "MutualTlsAuthentication", std::move(written));
    }
    Made made = {make_resource(all_, api_, id_,
                               http_                    ? "AWS::ApiGatewayV2::DomainName"
                               : endpoint_ == "PRIVATE" ? "AWS::ApiGateway::DomainNameV2"
                                                        : "AWS::ApiGateway::DomainName",
                               std::move(properties))};
    if (!http_) propagate_tags(all_, api_, made, 0);
    // Several APIs may have one domain: the last one says what it is.
    if (Node* there = all_.find_shared(id_))
      *there = std::move(made[0].value);
    else
      all_.shared.push_back(std::move(made[0]));
  }

  void add_mappings() {
    const Node* given = domain_.find("BasePath");
    if (!sam::truthy(given)) return add_mapping("", nullptr);
    std::vector<Node> paths = {*given};
    if (given->is_list()) paths = given->list;
    const Node* normalize = domain_.find("NormalizeBasePath");
    for (const Node& path : paths) {
      if (!path.is_text()) return wrong("Basepath must be a string.");
      std::string plain;
      for (const char c : path.text)
        if (http_ ? !std::strchr("-_/", c) : ascii::is_alnum(c)) plain += c;
      std::string written = http_ || sam::is_false(normalize) ? path.text : plain;
      if (http_) {
        while (written.starts_with('/')) written.erase(0, 1);
        while (written.ends_with('/')) written.pop_back();
      }
      add_mapping(plain, &written);
    }
  }
  void add_mapping(const std::string& in_id, const std::string* path) {
    const bool isolated = endpoint_ == "PRIVATE";
    Node properties = sam::map({{isolated ? "DomainNameArn" : "DomainName", sam::ref(id_)},
                                {http_ ? "ApiId" : "RestApiId", sam::ref(api_.id)},
                                {"Stage", sam::ref(api_.id + ".Stage")}});
    if (path) sam::put(properties, http_ ? "ApiMappingKey" : "BasePath", sam::text(*path));
    made_.push_back(make_resource(all_, api_,
                                  api_.id + in_id + (http_ ? "ApiMapping" : "BasePathMapping"),
                                  http_      ? "AWS::ApiGatewayV2::ApiMapping"
                                  : isolated ? "AWS::ApiGateway::BasePathMappingV2"
                                             : "AWS::ApiGateway::BasePathMapping",
                                  std::move(properties)));
  }

  void associate(const Node& association) {
    const Node* endpoint = association.find("VpcEndpointId");
    const Node source = endpoint ? *endpoint : sam::text("");
    const std::string hash = sam::id_hash(sam::compact_text(sam::list({source, sam::text(id_)})));
    made_.push_back(make_resource(all_, api_, "DomainNameAccessAssociation" + hash,
                                  "AWS::ApiGateway::DomainNameAccessAssociation",
                                  sam::map({{"AccessAssociationSource", source},
                                            {"AccessAssociationSourceType", "VPCE"},
                                            {"DomainNameArn", sam::ref(id_)}})));
  }

  void add_records(const Node& name, const Node& route53) {
    const Node* zone = route53.find("HostedZoneId");
    const Node* zone_name = route53.find("HostedZoneName");
    const Node* either = zone ? zone : zone_name;
    if (!either)
      return wrong(
          "HostedZoneId or HostedZoneName is required to enable Route53 support on Custom "
          "Domains.");
    Node target = sam::map({{"EvaluateTargetHealth", route53.find("EvaluateTargetHealth")}});
    // A private domain's records point at the domain's name.
    if (endpoint_ == "REGIONAL") {
      sam::put(target, "HostedZoneId", sam::get_att(id_, "RegionalHostedZoneId"));
      sam::put(target, "DNSName", sam::get_att(id_, "RegionalDomainName"));
    } else if (endpoint_ == "EDGE") {
      const Node* distribution = route53.find("DistributionDomainName");
      sam::put(target, "HostedZoneId", sam::text("Z2FDTNDATAQYW2"));
      sam::put(target, "DNSName",
               distribution ? *distribution : sam::get_att(id_, "DistributionDomainName"));
    } else {
      for (const auto& [to, from] : {std::pair("HostedZoneId", "VpcEndpointHostedZoneId"),
                                     std::pair("DNSName", "VpcEndpointDomainName")})
        if (const Node* value = route53.find(from)) sam::put(target, to, *value);
    }
    Node records = sam::list();
    for (const char* type : {"A", "AAAA"}) {
      if (std::string_view(type) == "AAAA" && !sam::is_true(route53.find("IpV6"))) continue;
      Node record = sam::map({{"Name", name}, {"Type", type}, {"AliasTarget", target}});
      sam::copy(route53, {"Region", "SetIdentifier"}, record);
      records.list.push_back(std::move(record));
    }
    const bool separate = !http_ && sam::truthy(route53.find("SeparateRecordSetGroup"));
    const std::string id =
        "RecordSetGroup" +
        sam::id_hash(separate ? sam::compact_text(sam::list({*either, name})) : id_text(*either));
    if (Node* there = all_.find_shared(id)) {
      Node& all = sam::at(sam::at(*there, "Properties"), "RecordSets");
      spend(all_, records);
      all.list.insert(all.list.end(), records.list.begin(), records.list.end());
      sam::place_within(*there, api_.place);
      return;
    }
    all_.shared.push_back(
        make_resource(all_, api_, id, "AWS::Route53::RecordSetGroup",
                      sam::map({{"HostedZoneId", zone},
                                {"HostedZoneName", http_ && zone ? nullptr : zone_name},
                                {"RecordSets", std::move(records)}})));
  }

  SamTemplate& all_;
  const SamResource& api_;
  const bool http_;
  const Node domain_;
  Made& made_;
  std::string endpoint_, id_;
};

}  // namespace

void expand_domain(SamTemplate& all, const SamResource& api, const ApiDomain& domain, Made& made) {
  DomainExpander(all, api, domain, made).expand();
}

}  // namespace kiln::cfn
