"""vademecum's builder: from sources of documents to a signed release on a static host (the extra `[build]`).

`build.build(BuildRequest) -> BuildReport` is what every caller calls; `pipeline` is the order of its `stages`, and
each other package is what one stage needs. Data flows `sources` -> `readers` -> `chunking` -> `encoders` -> `index`,
`delta` -> `release` -> `pages`, `signing` -> `publish`. Of the client it imports formats, encoders, packs, rows, trust
and transport, never the store or the engine (`cli` alone: the public class): what a release means is said once, there.
"""
