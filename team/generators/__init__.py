"""From a structured spec to software: one generator class for each kind of spec."""
