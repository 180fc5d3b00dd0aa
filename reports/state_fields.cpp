#include "reports/state_fields.h"

#include <array>
#include <map>
#include <optional>
#include <type_traits>
#include <variant>

#include "model/one_of.h"
#include "model/small_vec.h"
#include "model/text.h"
#include "model/time.h"
#include "model/value.h"

namespace reports {
namespace {

class Flattener {
 public:
  explicit Flattener(const model::ClusterConfig& config) : config_(config) {}

  std::vector<std::pair<std::string, std::string>> fields;

  template <typename T>
  void add(const std::string& path, const T& value) {
    if constexpr (std::is_same_v<T, model::NodeId>) {
      put(path, value == model::kNoNode ? "none" : config_.name_of(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      put(path, value ? "true" : "false");
    } else if constexpr (std::is_integral_v<T>) {
      put(path, std::to_string(value));
    } else if constexpr (std::is_enum_v<T>) {
      put(path, std::to_string(static_cast<std::int64_t>(value)));
    } else if constexpr (std::is_same_v<T, std::string>) {
      put(path, value);
    } else if constexpr (model::HasFields<T>) {
      model::for_each_field(value, [&](std::string_view name, const auto& field) { add(join(path, name), field); });
    } else {
      add_other(path, value);
    }
  }

 private:
  static std::string join(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  }
  void put(const std::string& path, std::string text) { fields.emplace_back(path, std::move(text)); }

  void add_other(const std::string&, const model::Instant&) {}
  void add_other(const std::string&, const std::monostate&) {}
  template <typename T>
  void add_other(const std::string& path, const std::optional<T>& value) {
    if (value) add(path, *value);
  }
  template <typename... T>
  void add_other(const std::string& path, const std::variant<T...>& value) {
    put(path + ".kind", std::to_string(value.index()));
    std::visit([&](const auto& held) { add(path, held); }, value);
  }
  template <typename T>
    requires requires(const T& values) {
      values.begin();
      values.size();
    }
  void add_other(const std::string& path, const T& values) {
    put(path + ".size", std::to_string(values.size()));
    std::size_t i = 0;
    for (const auto& value : values) add(path + "[" + std::to_string(i++) + "]", value);
  }

  const model::ClusterConfig& config_;
};

std::vector<std::pair<std::string, std::string>> flat(const model::Node& node, const model::ClusterConfig& config) {
  Flattener flattener(config);
  std::visit([&](const auto& held) { flattener.add("", held); }, node);
  return std::move(flattener.fields);
}

}  // namespace

std::vector<FieldDifference> differences(const model::Node& a, const model::Node& b,
                                         const model::ClusterConfig& config) {
  const auto one = flat(a, config), two = flat(b, config);
  const std::map<std::string, std::string> in_a(one.begin(), one.end()), in_b(two.begin(), two.end());
  std::vector<FieldDifference> found;
  for (const auto& [field, text] : one) {
    const auto other = in_b.find(field);
    if (other == in_b.end()) {
      found.push_back({field, text, "-"});
    } else if (other->second != text) {
      found.push_back({field, text, other->second});
    }
  }
  for (const auto& [field, text] : two) {
    if (!in_a.contains(field)) found.push_back({field, "-", text});
  }
  return found;
}

}  // namespace reports
