"""The proximal operator, derived: intervals of u on which F(u) = u + s*phi'(u) rises, with what lies between."""
