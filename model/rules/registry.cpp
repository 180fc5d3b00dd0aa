// The profiles, oldest first. A version without a row of its own has no profile yet.
#include <array>

#include "model/rules/profiles.h"

namespace model {

std::span<const Profile> profiles() {
  static const std::array kProfiles{
      Profile{"0.10.2", &kafka_0_10_2::rules(), kafka_0_10_2::settings, kafka_1_1::producer},
      Profile{"1.1", &kafka_1_1::rules(), kafka_2_1::settings, kafka_1_1::producer},
      Profile{"2.1", &kafka_2_1::rules(), kafka_2_1::settings, kafka_2_6::producer},
      Profile{"2.6", &kafka_2_6::rules(), [](BrokerSettings&) {}, kafka_2_6::producer},
      Profile{"3.7", &kafka_3_7::rules(), [](BrokerSettings&) {}, [](ProducerConfig&) {}},
      Profile{"3.9", &kafka_3_9::rules(), [](BrokerSettings&) {}, [](ProducerConfig&) {}},
  };
  return kProfiles;
}

const Profile* find_profile(std::string_view version) {
  for (const Profile& profile : profiles()) {
    if (profile.version == version) return &profile;
  }
  return nullptr;
}

}  // namespace model
