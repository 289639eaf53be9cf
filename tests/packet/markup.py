"""HTML read strictly: a tree of elements, or a failure where tags do not match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
HIDDEN = frozenset({"style", "script"})


@dataclass
class Element:
    """An element with its attributes, and what is in it: elements and text."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict[str, str | None])
    inside: list[Element | str] = field(default_factory=list["Element | str"])

    def __iter__(self) -> Iterator[Element]:
        """The element and all within, in their order."""
        yield self
        for item in self.inside:
            if isinstance(item, Element):
                yield from item

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements of a tag, with these attributes; `class_` asks for one of its classes."""
        return [element for element in self if element.tag == tag and element._has(attributes)]

    def one(self, tag: str, **attributes: str) -> Element:
        """The only such element."""
        [element] = self.all(tag, **attributes)
        return element

    def _has(self, attributes: dict[str, str]) -> bool:
        for name, value in attributes.items():
            if name == "class_":
                if value not in (self.attributes.get("class") or "").split():
                    return False
            elif self.attributes.get(name) != value:
                return False
        return True

    @property
    def text(self) -> str:
        """What is written in it."""
        if self.tag in HIDDEN:
            return ""
        return "".join(item if isinstance(item, str) else item.text for item in self.inside)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> has an attribute twice"
        element = Element(tag, dict(attrs))
        self._open[-1].inside.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].inside.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert tag == self._open[-1].tag, f"</{tag}> ends <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def close(self) -> None:
        super().close()
        assert self._open == [self.root], f"<{self._open[-1].tag}> is not ended"


def read(page: str) -> Element:
    """Read a page whose every element is ended in its place."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.root
