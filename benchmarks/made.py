"""Operators of peers that are made of more than numbers, for `symreg audit` to name: ODL's, of single elements."""

from __future__ import annotations

import odl
from odl import functionals

_SPACE = odl.rn(1)

odl_zero = functionals.ZeroFunctional(_SPACE)
odl_l1 = functionals.L1Norm(_SPACE)
odl_l2_squared = functionals.L2NormSquared(_SPACE)
odl_huber = functionals.Huber(_SPACE, gamma=0.5)
odl_box = functionals.IndicatorBox(_SPACE, lower=-1, upper=2)
odl_nonnegative = functionals.IndicatorNonnegativity(_SPACE)
odl_kullback_leibler = functionals.KullbackLeibler(_SPACE)
odl_cross_entropy = functionals.KullbackLeiblerCrossEntropy(_SPACE)
