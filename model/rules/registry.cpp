// The profiles, oldest first. A version without a row of its own has no profile yet.
#include <array>

#include "model/rules/profiles.h"

namespace model {
namespace {

template <typename Settings>
void as_newest(Settings&) {}

}  // namespace

std::span<const Profile> profiles() {
  static const std::array kProfiles{
      Profile{"0.10.2", &kafka_0_10_2::rules(), kafka_0_10_2::settings, kafka_1_1::producer},
      Profile{"1.1", &kafka_1_1::rules(), kafka_2_1::settings, kafka_1_1::producer},
      Profile{"2.1", &kafka_2_1::rules(), kafka_2_1::settings, kafka_2_6::producer},
      Profile{"2.6", &kafka_2_6::rules(), as_newest<BrokerSettings>, kafka_2_6::producer},
      Profile{"3.3", &kafka_3_3::rules(), as_newest<BrokerSettings>, as_newest<ProducerConfig>, true, true},
      Profile{"3.7", &kafka_3_7::rules(), as_newest<BrokerSettings>, as_newest<ProducerConfig>, true, true},
      Profile{"3.9", &kafka_3_9::rules(), as_newest<BrokerSettings>, as_newest<ProducerConfig>, true, true},
      Profile{"4.0", &kafka_4_0::rules(), as_newest<BrokerSettings>, kafka_4_0::producer, false, true},
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
