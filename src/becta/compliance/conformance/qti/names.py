"""How QTI 2.1 and 3.0 write the same things: 3.0's qti-choice-interaction is 2.1's choiceInteraction."""

import re

from lxml import etree
from msgspec import Struct


class Edition(Struct, frozen=True, kw_only=True):
    """A version of QTI: its namespaces and how its packages name themselves and their resources."""

    version: str
    namespace: str
    packaging: str
    suffix: str
    schema: str
    hyphens: bool
    needs_adaptive: bool

    def name(self, element: etree._Element) -> str:
        """An element by its name in 2.1; empty for what is not in QTI's namespace."""
        name = etree.QName(element) if isinstance(element.tag, str) else None
        if name is None or name.namespace != self.namespace:
            return ""
        plain = name.localname
        return _camel(plain.removeprefix("qti-")) if self.hyphens and plain.startswith("qti-") else plain

    def written(self, attribute: str) -> str:
        """An attribute as this version writes it."""
        return re.sub(r"[A-Z]", lambda letter: f"-{letter.group().lower()}", attribute) if self.hyphens else attribute

    def get(self, element: etree._Element, attribute: str) -> str | None:
        """The value of an attribute, named as in 2.1."""
        return element.get(self.written(attribute))


def _camel(name: str) -> str:
    return re.sub(r"-([a-z])", lambda letter: letter.group(1).upper(), name)


QTI_2_1 = Edition(
    version="2.1",
    namespace="http://www.imsglobal.org/xsd/imsqti_v2p1",
    packaging="http://www.imsglobal.org/xsd/imscp_v1p1",
    suffix="xmlv2p1",
    schema="QTIv2.1 Package",
    hyphens=False,
    needs_adaptive=True,
)
QTI_3_0 = Edition(
    version="3.0",
    namespace="http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
    packaging="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
    suffix="xmlv3p0",
    schema="QTI Package",
    hyphens=True,
    needs_adaptive=False,
)
