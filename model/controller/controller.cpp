#include "model/controller/controller.h"

#include "model/one_of_members.h"

namespace model {

template class OneOf<ControllerStep::Alternatives>;
template class OneOf<ControllerEvent::Alternatives>;

}  // namespace model
