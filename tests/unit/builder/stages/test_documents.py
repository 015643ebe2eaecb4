"""Documents of several sources: each under its source's name, whatever its reader says."""

from __future__ import annotations

from dataclasses import dataclass

from vademecum_builder.readers.document import Document
from vademecum_builder.request import ArchiveLimits
from vademecum_builder.sources.base import HTML, SourceItem
from vademecum_builder.stages.documents import DocumentReader, NamedReaders


@dataclass(frozen=True)
class Says(DocumentReader):
    name: str

    @property
    def notice(self) -> str:
        return self.name and f"{self.name} is read"

    def shaped_by(self, item: SourceItem) -> str:
        return f"{self.name} {item.key}"

    def read(self, item: SourceItem) -> Document | str:
        if item.data:
            return "no document"
        told = {"canonical": "a.html", "source": "mine"} if self.name == "b" else {"canonical": 1}
        return Document(item.key, "T", "t/", told, (), (f"{item.key}: odd",))

    def warnings(self) -> tuple[str, ...]:
        return (f"{self.name} is odd",)


def test_what_a_reader_says_is_of_its_source() -> None:
    readers = NamedReaders({"a:": Says("a"), "b:": Says("b"), "c:": Says("")})
    keys = ("a:x.html", "b:y:z.html")
    assert [readers.read(SourceItem(key, HTML, b"")) for key in keys] == [
        Document("a:x.html", "T", "t/", {"source": "a", "canonical": 1}, (), ("a:x.html: odd",)),
        Document("b:y:z.html", "T", "t/", {"source": "mine", "canonical": "b:a.html"}, (), ("b:y:z.html: odd",)),
    ]
    assert readers.read(SourceItem("a:x", HTML, b"?")) == "no document"
    assert [readers.shaped_by(SourceItem(key, HTML, b"")) for key in keys] == ["a x.html", "b y:z.html"]
    assert readers.warnings() == ["a:a is odd", "b:b is odd", "c: is odd"]
    assert (readers.notice, readers.title, readers.first) == ("a is read; b is read", "", {})


def test_earlier_releases_have_a_share_or_a_floor() -> None:
    assert [ArchiveLimits(share=0.5, floor=10).budget(size) for size in (19, 20, 22, 101)] == [10, 10, 11, 50]
