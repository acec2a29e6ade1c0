// How ARNs begin: the partition follows the Region. Pure.
#pragma once

#include <string>
#include <string_view>

namespace kiln {

// "aws", "aws-cn" (China), "aws-us-gov" (GovCloud), and those of the isolated Regions.
std::string_view partition_of(std::string_view region);
// "amazonaws.com", in China "amazonaws.com.cn": what AWS::URLSuffix is.
std::string_view url_suffix_of(std::string_view region);

// "arn:aws:lambda:us-east-1:", before the account.
std::string arn_start(std::string_view service, std::string_view region);
// "arn:aws:iam::": of what belongs to no Region, asked for from this one.
std::string global_arn_start(std::string_view service, std::string_view region);

// Whether a text begins as ARNs of a service do, whatever the partition.
bool is_arn_of(std::string_view text, std::string_view service);

}  // namespace kiln
