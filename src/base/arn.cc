#include "base/arn.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kiln {
namespace {

struct Partition {
  std::string_view region_start;
  std::string_view name;
  std::string_view url_suffix;
};

// As botocore's list of partitions has them.
constexpr std::array kPartitions = {
    Partition{"cn-", "aws-cn", "amazonaws.com.cn"},
    Partition{"us-gov-", "aws-us-gov", "amazonaws.com"},
    Partition{"us-iso-", "aws-iso", "c2s.ic.gov"},
    Partition{"us-isob-", "aws-iso-b", "sc2s.sgov.gov"},
    Partition{"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"},
    Partition{"us-isof-", "aws-iso-f", "csp.hci.ic.gov"},
    Partition{"eusc-", "aws-eusc", "amazonaws.eu"},
};

const Partition& find(std::string_view region) {
  static constexpr Partition kCommercial{"", "aws", "amazonaws.com"};
  const auto* const found =
      std::find_if(kPartitions.begin(), kPartitions.end(),
                   [&](const Partition& each) { return region.starts_with(each.region_start); });
  return found == kPartitions.end() ? kCommercial : *found;
}

}  // namespace

std::string_view partition_of(std::string_view region) { return find(region).name; }

std::string_view url_suffix_of(std::string_view region) { return find(region).url_suffix; }

std::string arn_start(std::string_view service, std::string_view region) {
  std::string out = "arn:";
  out.append(partition_of(region)).append(":").append(service).append(":").append(region);
  return out + ":";
}

std::string global_arn_start(std::string_view service, std::string_view region) {
  std::string out = "arn:";
  return out.append(partition_of(region)).append(":").append(service).append("::");
}

bool is_arn_of(std::string_view text, std::string_view service) {
  constexpr std::string_view kStart = "arn:aws";
  if (!text.starts_with(kStart)) return false;
  text.remove_prefix(kStart.size());
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || (colon > 0 && text.front() != '-')) return false;
  text.remove_prefix(colon + 1);
  return text.size() > service.size() && text.starts_with(service) && text[service.size()] == ':';
}

}  // namespace kiln
