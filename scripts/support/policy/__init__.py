"""What must hold of the rendered manifests: names, references and hardening, one function a rule.

A rule yields what is wrong. It compares whole values, so that a line which is missing, added or changed is seen:
scripts/check-manifests removes every line once and expects a rule to object. How large a figure is (a size, a time, a
number of attempts) stands in k8s/ and in the reviewed renderings; a rule asks that it is there, and how figures must fit
together.
"""

from policy import pods, references, roles, surroundings  # noqa: F401
from policy.base import NAMESPACES, ROLES, RULES, SECRETS, STORES, problems  # noqa: F401
