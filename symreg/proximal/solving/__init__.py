"""How F(u) = u + s*phi'(u) = v is solved for u: in closed form for the machine and for the reader, or by iteration."""
